/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Services that give a short name to any page of anybody. Not those that only shorten names of
 * their own pages (youtu.be, wp.me): who follows these knows where he goes.
 */
#include "message/shorteners.h"

/* In the order of strcmp. */
static const char *const names[] = {
    "1url.cz",       "2no.co",    "adf.ly",      "amzn.to",  "b.link",      "bit.do",
    "bit.ly",        "bitly.com", "bl.ink",      "buff.ly",  "clck.ru",     "cli.re",
    "cutt.ly",       "cutt.us",   "da.gd",       "db.tt",    "dlvr.it",     "fb.me",
    "flip.it",       "geni.us",   "gg.gg",       "git.io",   "goo-gl.me",   "goo.gl",
    "han.gl",        "ht.ly",     "hubs.ly",     "ift.tt",   "is.gd",       "j.mp",
    "kurzelinks.de", "kutt.it",   "ln.run",      "lnk.to",   "lnkd.in",     "mcaf.ee",
    "me2.do",        "msft.it",   "n9.cl",       "ow.ly",    "owl.li",      "oxo.pl",
    "po.st",         "qr.ae",     "qr.net",      "rb.gy",    "rebrand.ly",  "rebrandly.com",
    "reut.rs",       "s.id",      "short.gy",    "short.io", "shorte.st",   "shorturl.at",
    "shorturl.com",  "shrtco.de", "smarturl.it", "snip.ly",  "snipurl.com", "soo.gd",
    "su.pr",         "surl.li",   "t.cn",        "t.co",     "t.ly",        "t1p.de",
    "t2m.io",        "tiny.cc",   "tiny.one",    "tiny.pl",  "tinyurl.com", "tny.im",
    "tr.im",         "trib.al",   "u.nu",        "u.to",     "url.ie",      "urlshortner.com",
    "urlz.fr",       "v.gd",      "vk.cc",       "vu.fr",    "x.co",        "xurl.es",
    "zpr.io",        "zurl.ws",
};

enum { N_NAMES = sizeof names / sizeof names[0] };

const char *mailsub__shorteners_at(size_t index)
{
    return index < N_NAMES ? names[index] : NULL;
}

bool mailsub__shorteners_have(mailsub__slice host)
{
    size_t low = 0;
    size_t high = N_NAMES;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strncmp(host.ptr, names[middle], host.len);
        if (order == 0 && names[middle][host.len] == '\0')
            return true;
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}
