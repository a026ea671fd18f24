/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The check of messages that existed already: their headers, and their parts, decoded. Each row is
 * checked in octets and as a file, with either line end, and with every allocation failing.
 */
#include "message_kit.h"

#include <stdio.h>
#include <unistd.h>

#include <mailsub/policy.h>

#include "codec/base64.h"
#include "message/state.h"

static void ok(int rc)
{
    assert_int_equal(rc, MAILSUB_OK);
}

struct row {
    const char *name;
    const char *text;
    const char *want; /* rules, in their order */
};

#define HEAD "From: desk@example.org\r\nTo: a@example.net\r\nSubject: a\r\n"
#define DATE "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
#define MIME HEAD DATE "MIME-Version: 1.0\r\n"

static const struct row header_rows[] = {
    {"nothing to say of a plain one", HEAD DATE "\r\nhttps://example.org/\r\n", ""},
    {"header and envelope",
     "From: no-reply@example.org\r\nSender: a@example.com\r\nTo: b@example.net\r\n"
     "Date: Tue, 14 Nov 2003 22:13:20 +0000\r\nMessage-ID: <1@localhost>\r\nPrecedence: bulk\r\n"
     "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\na\r\n",
     "noreply-sender sender-mismatch sender-mismatch date-skew missing-subject message-id-host "
     "bulk-without-unsubscribe unsubscribe-not-signed "},
    {"signed",
     HEAD "DKIM-Signature: v=1; d=example.org; h=from; b=a\r\nDate: Tue, 14 Nov 2023 "
          "22:13:20 +0000\r\nMessage-ID: <1@example.org>\r\n"
          "List-Unsubscribe: <https://example.org/u>\r\n"
          "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\na\r\n",
     ""},
    {"a Date that cannot be read", HEAD "Date: yesterday\r\n\r\na\r\n", "date-skew "},
    {"links in a text", HEAD DATE "\r\nhttp://bit.ly/1\r\n", "url-shortener plain-http-link "},
    {"links in a text in quoted-printable",
     HEAD DATE "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
               "Content-Transfer-Encoding: quoted-printable\r\n\r\nhttps:=2F/bit=\r\n.ly/=31\r\n",
     "url-shortener "},
    {"links in HTML",
     HEAD DATE "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n"
               "\r\n<a href=https://b.example/>https://a.example</a>\r\n",
     "link-text-mismatch html-without-text "},
    {"many in To",
     "From: desk@example.org\r\nSubject: a\r\n" DATE
     "To: a@a.de, b@a.de, c@a.de, d@a.de, e@a.de, f@a.de, g@a.de, h@a.de, i@a.de,\r\n"
     " j@a.de, x: k@a.de, l@a.de;, m@a.de, n@a.de, o@a.de, p@a.de, q@a.de\r\n"
     "Cc: a@b.de, b@b.de, c@b.de, d@b.de\r\n\r\na\r\n",
     "many-visible-recipients "},
};

static const struct row part_rows[] = {
    {"a link in base64",
     MIME "Content-Type: text/plain; charset=utf-8\r\n"
          "Content-Transfer-Encoding: base64\r\n"
          "\r\n"
          "U2VlIGh0dHBzOi8vYml0Lmx5LzEgZm9yIGl0Lg0K\r\n",
     "url-shortener "},
    {"no link in base64",
     MIME "Content-Type: text/plain; charset=utf-8\r\n"
          "Content-Transfer-Encoding: base64\r\n"
          "\r\n"
          "U2VlIGh0dHBzOi8vZXhhbXBsZS5vcmcvMSBmb3IgaXQuDQo=\r\n",
     ""},
    {"base64 that looks like a link",
     MIME "Content-Type: text/plain; charset=utf-8\r\n"
          "Content-Transfer-Encoding: base64\r\n"
          "\r\n"
          "https://bit.ly/1\r\n",
     ""},
    {"a link in a part",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "\r\n"
          "http://bit.ly/1\r\n"
          "--b--\r\n",
     "url-shortener plain-http-link "},
    {"a link in a part in quoted-printable",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: text/plain; charset=utf-8\r\n"
          "Content-Transfer-Encoding: quoted-printable\r\n"
          "\r\n"
          "https:=2F/bit=\r\n"
          ".ly/=31\r\n"
          "--b--\r\n",
     "url-shortener "},
    {"no link in a part",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: text/plain; charset=utf-8\r\n"
          "\r\n"
          "https://example.org/\r\n"
          "--b--\r\n",
     ""},
    {"a link in front of the parts and behind",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "https://bit.ly/1\r\n"
          "--b\r\n"
          "\r\n"
          "a\r\n"
          "--b--\r\n"
          "https://bit.ly/2\r\n",
     ""},
    {"a link in a part that is not closed",
     MIME "Content-Type: multipart/mixed; boundary=\"b c\"\r\n"
          "\r\n"
          "--b c  \r\n"
          "\r\n"
          "https://bit.ly/1\r\n",
     "url-shortener "},
    {"a link in an attached text",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: text/plain; charset=utf-8\r\n"
          "Content-Disposition: attachment\r\n"
          "\r\n"
          "https://bit.ly/1\r\n"
          "--b--\r\n",
     ""},
    {"a link in a message within the message",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: message/rfc822\r\n"
          "\r\n"
          "Subject: a\r\n"
          "\r\n"
          "https://bit.ly/1\r\n"
          "--b--\r\n",
     ""},
    {"a link in a digest is a message's",
     MIME "Content-Type: multipart/digest; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "\r\n"
          "Subject: a\r\n"
          "\r\n"
          "https://bit.ly/1\r\n"
          "--b--\r\n",
     ""},
    {"a lookalike in a part in base64",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: text/plain; charset=utf-8\r\n"
          "Content-Transfer-Encoding: base64\r\n"
          "\r\n"
          "U2VlIGh0dHBzOi8vZXjQsG1wbGUub3JnLyBmb3IgaXQ=\r\n"
          "\r\n"
          "--b--\r\n",
     "lookalike-domain "},
    {"another target in HTML in base64",
     MIME "Content-Type: multipart/alternative; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: text/plain; charset=utf-8\r\n"
          "\r\n"
          "https://a.example\r\n"
          "--b\r\n"
          "Content-Type: text/html; charset=utf-8\r\n"
          "Content-Transfer-Encoding: base64\r\n"
          "\r\n"
          "PGEgaHJlZj0naHR0cHM6Ly9iLmV4YW1wbGUvJz5odHRwczovL2EuZXhhbXBsZTwvYT4=\r\n"
          "\r\n"
          "--b--\r\n",
     "link-text-mismatch "},
    {"the same target in HTML in base64",
     MIME "Content-Type: multipart/alternative; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: text/plain; charset=utf-8\r\n"
          "\r\n"
          "https://a.example\r\n"
          "--b\r\n"
          "Content-Type: text/html; charset=utf-8\r\n"
          "Content-Transfer-Encoding: base64\r\n"
          "\r\n"
          "PGEgaHJlZj0naHR0cHM6Ly9hLmV4YW1wbGUvJz5odHRwczovL2EuZXhhbXBsZTwvYT4=\r\n"
          "\r\n"
          "--b--\r\n",
     ""},
    {"a link in ISO-8859-1",
     MIME "Content-Type: text/plain; charset=iso-8859-1\r\n"
          "Content-Transfer-Encoding: 8bit\r\n"
          "\r\n"
          "http://bit.ly/1 \xe4\r\n",
     "url-shortener plain-http-link "},
    {"octets that are no text",
     MIME "Content-Type: text/plain; charset=utf-16\r\n"
          "Content-Transfer-Encoding: base64\r\n"
          "\r\n"
          "//5oAHQAdABwAHMAOgAvAC8AYgBpAHQALgBsAHkALwAxAA==\r\n",
     ""},
    {"HTML alone",
     MIME "Content-Type: text/html; charset=utf-8\r\n"
          "\r\n"
          "<p>a</p>\r\n",
     "html-without-text "},
    {"HTML with a text",
     MIME "Content-Type: multipart/alternative; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: text/plain; charset=utf-8\r\n"
          "\r\n"
          "a\r\n"
          "--b\r\n"
          "Content-Type: text/html; charset=utf-8\r\n"
          "\r\n"
          "<p>a</p>\r\n"
          "--b--\r\n",
     ""},
    {"HTML with a text behind it",
     MIME "Content-Type: multipart/alternative; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: text/html; charset=utf-8\r\n"
          "\r\n"
          "<p>a</p>\r\n"
          "--b\r\n"
          "Content-Type: text/plain; charset=utf-8\r\n"
          "\r\n"
          "a\r\n"
          "--b--\r\n",
     ""},
    {"HTML alone in an alternative",
     MIME "Content-Type: multipart/alternative; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: text/html; charset=utf-8\r\n"
          "\r\n"
          "<p>a</p>\r\n"
          "--b\r\n"
          "Content-Type: text/calendar\r\n"
          "\r\n"
          "BEGIN:VCALENDAR\r\n"
          "--b--\r\n",
     "html-without-text "},
    {"HTML with pictures and no text",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: multipart/related; boundary=c\r\n"
          "\r\n"
          "--c\r\n"
          "Content-Type: text/html; charset=utf-8\r\n"
          "\r\n"
          "<p>a</p>\r\n"
          "--c\r\n"
          "Content-Type: image/png\r\n"
          "\r\n"
          "a\r\n"
          "--c--\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: image/png\r\n"
          "\r\n"
          "a\r\n"
          "--b--\r\n",
     "html-without-text "},
    {"HTML with pictures and a text",
     MIME "Content-Type: multipart/alternative; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: text/plain; charset=utf-8\r\n"
          "\r\n"
          "a\r\n"
          "--b\r\n"
          "Content-Type: multipart/related; boundary=c\r\n"
          "\r\n"
          "--c\r\n"
          "Content-Type: text/html; charset=utf-8\r\n"
          "\r\n"
          "<p>a</p>\r\n"
          "--c\r\n"
          "Content-Type: image/png\r\n"
          "\r\n"
          "a\r\n"
          "--c--\r\n"
          "\r\n"
          "--b--\r\n",
     ""},
    {"HTML behind a text that is not its own",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: text/plain; charset=utf-8\r\n"
          "\r\n"
          "a\r\n"
          "--b\r\n"
          "Content-Type: text/html; charset=utf-8\r\n"
          "\r\n"
          "<p>a</p>\r\n"
          "--b--\r\n",
     ""},
    {"HTML in front of a note of the list",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: text/html; charset=utf-8\r\n"
          "\r\n"
          "<p>a</p>\r\n"
          "--b\r\n"
          "Content-Type: text/plain; charset=utf-8\r\n"
          "\r\n"
          "-- \r\n"
          "list\r\n"
          "--b--\r\n",
     "html-without-text "},
    {"attached HTML",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: text/plain; charset=utf-8\r\n"
          "\r\n"
          "a\r\n"
          "--b\r\n"
          "Content-Type: text/html; charset=utf-8; name=a.html\r\n"
          "\r\n"
          "<p>a</p>\r\n"
          "--b--\r\n",
     ""},
    {"a text that says something else",
     MIME "Content-Type: multipart/alternative; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: text/plain; charset=utf-8\r\n"
          "\r\n"
          "this message can only be read in a program that shows pages\r\n"
          "--b\r\n"
          "Content-Type: text/html; charset=utf-8\r\n"
          "Content-Transfer-Encoding: base64\r\n"
          "\r\n"
          "PHA+eW91ciBib29rIGlzIHJlYWR5IGF0IHRoZSBkZXNrIG9mIHRoZSBtYWluIGxpYnJhcnkgdW50\r\n"
          "aWwgRnJpZGF5IGV2ZW5pbmcgYXQgbmluZTwvcD4=\r\n"
          "\r\n"
          "--b--\r\n",
     "text-differs-from-html "},
    {"a text that says the same",
     MIME "Content-Type: multipart/alternative; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: text/plain; charset=utf-8\r\n"
          "\r\n"
          "your book is ready at the desk of the main library until Friday evening at nine\r\n"
          "--b\r\n"
          "Content-Type: text/html; charset=utf-8\r\n"
          "Content-Transfer-Encoding: base64\r\n"
          "\r\n"
          "PHA+eW91ciBib29rIGlzIHJlYWR5IGF0IHRoZSBkZXNrIG9mIHRoZSBtYWluIGxpYnJhcnkgdW50\r\n"
          "aWwgRnJpZGF5IGV2ZW5pbmcgYXQgbmluZTwvcD4=\r\n"
          "\r\n"
          "--b--\r\n",
     ""},
    {"texts of different charsets",
     MIME
     "Content-Type: multipart/alternative; boundary=b\r\n"
     "\r\n"
     "--b\r\n"
     "Content-Type: text/plain; charset=iso-8859-1\r\n"
     "Content-Transfer-Encoding: quoted-printable\r\n"
     "\r\n"
     "Gr=FC=DFe your book is ready at the desk of the main library until Friday evening at nine\r\n"
     "--b\r\n"
     "Content-Type: text/html; charset=utf-8\r\n"
     "Content-Transfer-Encoding: 8bit\r\n"
     "\r\n"
     "<p>Gr\xc3\xbc\xc3\x9f"
     "e your book is ready at the desk of the main library until Friday "
     "evening at nine</p>\r\n"
     "--b--\r\n",
     ""},
    {"texts that cannot be compared",
     MIME
     "Content-Type: multipart/alternative; boundary=b\r\n"
     "\r\n"
     "--b\r\n"
     "Content-Type: text/plain; charset=iso-2022-jp\r\n"
     "\r\n"
     "one two three four five six seven\r\n"
     "--b\r\n"
     "Content-Type: text/html; charset=utf-8\r\n"
     "\r\n"
     "<p>your book is ready at the desk of the main library until Friday evening at nine</p>\r\n"
     "--b--\r\n",
     ""},
    {"a text of another part",
     MIME
     "Content-Type: multipart/mixed; boundary=b\r\n"
     "\r\n"
     "--b\r\n"
     "Content-Type: text/plain; charset=utf-8\r\n"
     "\r\n"
     "this message can only be read in a program that shows pages\r\n"
     "--b\r\n"
     "Content-Type: text/html; charset=utf-8\r\n"
     "\r\n"
     "<p>your book is ready at the desk of the main library until Friday evening at nine</p>\r\n"
     "--b--\r\n",
     ""},
    {"a program by its name",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: text/plain; charset=utf-8\r\n"
          "\r\n"
          "a\r\n"
          "--b\r\n"
          "Content-Type: application/octet-stream\r\n"
          "Content-Disposition: attachment; filename=\"a.EXE\"\r\n"
          "\r\n"
          "a\r\n"
          "--b--\r\n",
     "executable-attachment "},
    {"a program by the name of its type",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: application/octet-stream; name=a.bat\r\n"
          "\r\n"
          "a\r\n"
          "--b--\r\n",
     "executable-attachment "},
    {"a program by a name in pieces",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: application/octet-stream\r\n"
          "Content-Disposition: attachment; filename*0*=utf-8''invoice%2E; filename*1=exe\r\n"
          "\r\n"
          "a\r\n"
          "--b--\r\n",
     "executable-attachment "},
    {"a program by an encoded name",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: application/octet-stream\r\n"
          "Content-Disposition: attachment; filename*=utf-8''invoice%2eexe\r\n"
          "\r\n"
          "a\r\n"
          "--b--\r\n",
     "executable-attachment "},
    {"a program by a name in encoded words",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: application/octet-stream\r\n"
          "Content-Disposition: attachment;\r\n"
          " filename=\"=?utf-8?q?invoice=2E?=\r\n"
          " =?utf-8?b?ZXhl?=\"\r\n"
          "\r\n"
          "a\r\n"
          "--b--\r\n",
     "executable-attachment "},
    {"a program by a name behind a comment",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: application/octet-stream\r\n"
          "Content-Disposition: (a \\) ; b) attachment (c); filename (d) = a.exe\r\n"
          "\r\n"
          "a\r\n"
          "--b--\r\n",
     "executable-attachment "},
    {"a document by its name",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: application/octet-stream; name=a.exe\r\n"
          "Content-Disposition: attachment; filename=\"a.exe.pdf\"\r\n"
          "\r\n"
          "a\r\n"
          "--b--\r\n",
     ""},
    {"a program by its content",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: text/plain; charset=utf-8\r\n"
          "\r\n"
          "a\r\n"
          "--b\r\n"
          "Content-Type: application/pdf\r\n"
          "Content-Transfer-Encoding: base64\r\n"
          "\r\n"
          "TVoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
          "AAAAgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
          "AAAAAAAAAAAAAAAAAABQRQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\r\n"
          "\r\n"
          "--b--\r\n",
     "executable-attachment "},
    {"a program as the whole body",
     MIME "Content-Type: application/pdf\r\n"
          "Content-Transfer-Encoding: base64\r\n"
          "\r\n"
          "TVoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
          "AAAAgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
          "AAAAAAAAAAAAAAAAAABQRQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\r\n",
     "executable-attachment "},
    {"a document by its content",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: application/pdf\r\n"
          "Content-Transfer-Encoding: base64\r\n"
          "\r\n"
          "JVBERi0xLjQ=\r\n"
          "\r\n"
          "--b--\r\n",
     ""},
    {"an encrypted archive",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: application/zip\r\n"
          "Content-Transfer-Encoding: base64\r\n"
          "\r\n"
          "UEsDBBQAAQAAAAAAIQCGphA2BQAAAAUAAAAFAAAAYS5wZGZoZWxsb1BLAQIUAxQAAQAAAAAAIQCG\r\n"
          "phA2BQAAAAUAAAAFAAAAAAAAAAAAAACAAQAAAABhLnBkZlBLBQYAAAAAAQABADMAAAAoAAAAAAA=\r\n"
          "\r\n"
          "--b--\r\n",
     "archive-encrypted "},
    {"an archive",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: application/zip\r\n"
          "Content-Transfer-Encoding: base64\r\n"
          "\r\n"
          "UEsDBBQAAAAAAAAAIQCGphA2BQAAAAUAAAAFAAAAYS5wZGZoZWxsb1BLAQIUAxQAAAAAAAAAIQCG\r\n"
          "phA2BQAAAAUAAAAFAAAAAAAAAAAAAACAAQAAAABhLnBkZlBLBQYAAAAAAQABADMAAAAoAAAAAAA=\r\n"
          "\r\n"
          "--b--\r\n",
     ""},
    {"a program in an archive",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "--b\r\n"
          "Content-Type: application/zip\r\n"
          "Content-Transfer-Encoding: base64\r\n"
          "\r\n"
          "UEsDBBQAAAAAAAAAIQCGphA2BQAAAAUAAAAFAAAAYS5leGVoZWxsb1BLAQIUAxQAAAAAAAAAIQCG\r\n"
          "phA2BQAAAAUAAAAFAAAAAAAAAAAAAACAAQAAAABhLmV4ZVBLBQYAAAAAAQABADMAAAAoAAAAAAA=\r\n"
          "\r\n"
          "--b--\r\n",
     "executable-attachment "},
    {"parts with line ends of old systems",
     MIME "Content-Type: multipart/mixed; boundary=b\r\n"
          "\r\n"
          "--b\r\rhttps://bit.ly/1\r--b--\r",
     "url-shortener "},
};

static mailsub_message *adopt(struct unit_heap *heap, mailsub__slice text, const char *path)
{
    mailsub_message *message = kit_message_on(heap);
    ok(mailsub__message_adopt(message, text, path, 0));
    return message;
}

static void tell_rules(const mailsub_findings *findings, char *out)
{
    *out = '\0';
    for (size_t i = 0; i < mailsub_findings_count(findings); i++) {
        strcat(out, mailsub_findings_get_rule(findings, i));
        strcat(out, " ");
    }
}

static void check(mailsub__slice text, const char *path, const char *want)
{
    struct unit_heap heap = {0};
    mailsub_findings *findings;
    char found[500];
    mailsub_message *message = adopt(&heap, text, path);
    ok(mailsub_findings_new(NULL, &findings));
    size_t before = heap.n_requests;
    int want_rc = strstr(want, "executable") ? MAILSUB_E_POLICY : MAILSUB_OK;
    assert_int_equal(mailsub_message_check(message, NULL, NULL, findings), want_rc);
    tell_rules(findings, found);
    assert_string_equal(found, want);
    size_t n = heap.n_requests - before;
    for (size_t at = 1; at <= n; at++) {
        message->clean.is_known = false;
        heap.fail_at = heap.n_requests + at;
        assert_int_equal(mailsub_message_check(message, NULL, NULL, findings), MAILSUB_E_NOMEM);
        assert_int_equal(mailsub_findings_count(findings), 0);
    }
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
    mailsub_findings_free(findings);
}

static void write_file(char *path, mailsub__slice text)
{
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.ptr, text.len), (ssize_t)text.len);
    close(fd);
}

static void rules_are_found(void **state)
{
    const struct row *row = *state;
    char path[] = "/tmp/mailsub-policy-XXXXXX";
    mailsub__slice text = mailsub__slice_str(row->text);
    check(text, NULL, row->want);
    write_file(path, text);
    check(MAILSUB__SLICE_EMPTY, path, row->want);
    unlink(path);
    char *unix_text = malloc(text.len);
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool is_crlf = text.ptr[i] == '\r' && i + 1 < text.len && text.ptr[i + 1] == '\n';
        if (!is_crlf)
            unix_text[n++] = text.ptr[i];
    }
    check(mailsub__slice_of(unix_text, n), NULL, row->want);
    free(unix_text);
}

/* A message with one attachment in base64. */
static mailsub__slice attach(mailsub__buffer *out, const mailsub_allocator *allocator,
                             const void *data, size_t len)
{
    mailsub__buffer_init(out, allocator, SIZE_MAX / 4);
    mailsub__buffer_append_str(out, MIME "Content-Type: application/octet-stream\r\n"
                                         "Content-Transfer-Encoding: base64\r\n\r\n");
    ok(mailsub__base64_append(out, data, len));
    ok(mailsub__buffer_append_str(out, "\r\n"));
    return mailsub__buffer_slice(out);
}

/* The directory at the end of a large archive names a program. */
static void the_end_of_a_large_archive_counts(void **state)
{
    (void)state;
    enum { FRONT = 700000, NAME = 5, DIRECTORY = 46 + NAME, END = 22 };
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer text;
    uint8_t *zip = calloc(1, FRONT + DIRECTORY + END);
    memcpy(zip, "PK\3\4", 4);
    zip[6] = 8; /* its length stands behind the content */
    memcpy(zip + FRONT, "PK\1\2", 4);
    zip[FRONT + 28] = NAME;
    memcpy(zip + FRONT + 46, "a.exe", NAME);
    memcpy(zip + FRONT + DIRECTORY, "PK\5\6", 4);
    for (int i = 0; i < 4; i++)
        zip[FRONT + DIRECTORY + 16 + i] = (uint8_t)((uint32_t)FRONT >> 8 * i);
    check(attach(&text, &allocator, zip, FRONT + DIRECTORY + END), NULL, "executable-attachment ");
    mailsub__buffer_deinit(&text);
    zip[0] = 0; /* what begins otherwise is no archive, whatever it ends with */
    check(attach(&text, &allocator, zip, FRONT + DIRECTORY + END), NULL, "");
    mailsub__buffer_deinit(&text);
    free(zip);
    assert_int_equal(heap.n_live, 0);
}

static void the_size_of_attachments_counts_decoded(void **state)
{
    (void)state;
    enum { LEN = 3000000 };
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub_findings *findings;
    mailsub_policy *policy;
    mailsub__buffer text;
    char *data = calloc(1, LEN);
    mailsub_message *message = adopt(&heap, attach(&text, &allocator, data, LEN), NULL);
    ok(mailsub_findings_new(NULL, &findings));
    ok(mailsub_policy_new(NULL, MAILSUB_PROFILE_DEFAULT, &policy));
    for (int64_t i = 0; i < 2; i++) {
        ok(mailsub_policy_set_threshold(policy, "large-attachment",
                                        i == 0 ? LEN - 100000 : LEN + 100000));
        ok(mailsub_message_check(message, policy, NULL, findings));
        assert_int_equal(mailsub_findings_count(findings), 1 - i);
    }
    mailsub_policy_unref(policy);
    mailsub_findings_free(findings);
    mailsub_message_free(message);
    mailsub__buffer_deinit(&text);
    free(data);
    assert_int_equal(heap.n_live, 0);
}

/* A part of which only the length counts ends where the next one begins, and nowhere before. */
static void what_follows_a_large_part_is_seen(void **state)
{
    (void)state;
    enum { LEN = 200000 };
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    char path[] = "/tmp/mailsub-policy-XXXXXX";
    mailsub__buffer text;
    char *data = calloc(1, LEN);
    mailsub__buffer_init(&text, &allocator, SIZE_MAX / 4);
    mailsub__buffer_append_str(&text,
                               MIME "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
                                    "Content-Type: application/pdf\r\n"
                                    "Content-Transfer-Encoding: base64\r\n\r\n");
    ok(mailsub__base64_append(&text, data, LEN));
    mailsub__buffer_append_str(&text, "--b-\r\n-\r\nAAAA--b\r\n--c\r\n");
    ok(mailsub__base64_append(&text, data, 1000));
    ok(mailsub__buffer_append_str(&text, "\r\n--b\r\n\r\nhttps://bit.ly/1\r\n--b--\r\n"));
    check(mailsub__buffer_slice(&text), NULL, "url-shortener ");
    write_file(path, mailsub__buffer_slice(&text));
    check(MAILSUB__SLICE_EMPTY, path, "url-shortener ");
    unlink(path);
    mailsub__buffer_deinit(&text);
    free(data);
    assert_int_equal(heap.n_live, 0);
}

/* A text of which only the front is kept may be cut within a character. */
static void a_long_text_is_cut_between_characters(void **state)
{
    (void)state;
    enum { MOST = 1024 * 1024 };
    char *text = malloc(MOST + 1000);
    for (size_t shift = 0; shift < 3; shift++) {
        size_t n = (size_t)sprintf(text,
                                   MIME "Content-Type: text/plain; charset=utf-8\r\n"
                                        "Content-Transfer-Encoding: 8bit\r\n\r\n"
                                        "https://bit.ly/1\r\n%.*s",
                                   (int)shift, "aa");
        size_t start = n;
        while (n - start < MOST) {
            memcpy(text + n, "\xe2\x82\xac", 3);
            n += 3;
            if ((n - start) % 300 == 0)
                text[n++] = '\n';
        }
        check(mailsub__slice_of(text, n), NULL, "url-shortener ");
    }
    free(text);
}

static void a_file_that_is_gone_is_told(void **state)
{
    (void)state;
    char path[] = "/tmp/mailsub-policy-XXXXXX";
    struct unit_heap heap = {0};
    write_file(path, mailsub__slice_str(header_rows[0].text));
    mailsub_message *message = adopt(&heap, MAILSUB__SLICE_EMPTY, path);
    unlink(path);
    assert_int_equal(mailsub_message_check(message, NULL, NULL, NULL), MAILSUB_E_FILE);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

int main(void)
{
    static struct CMUnitTest tests[96] = {
        cmocka_unit_test(the_end_of_a_large_archive_counts),
        cmocka_unit_test(the_size_of_attachments_counts_decoded),
        cmocka_unit_test(what_follows_a_large_part_is_seen),
        cmocka_unit_test(a_long_text_is_cut_between_characters),
        cmocka_unit_test(a_file_that_is_gone_is_told),
    };
    size_t n_tests = 5;
    UNIT_ADD_ROWS(tests, n_tests, header_rows, rules_are_found);
    UNIT_ADD_ROWS(tests, n_tests, part_rows, rules_are_found);
    return UNIT_RUN(tests, n_tests);
}
