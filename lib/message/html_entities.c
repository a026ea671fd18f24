/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Character references of HTML: numbers, and names from one sorted table. The table holds all of
 * HTML 4, and of HTML 5 what stands for letters (Latin, Greek, Cyrillic), punctuation, spaces,
 * currencies, fractions, arrows and the marks that newsletters use.
 *
 * Not handled: the other names of HTML 5 (rare mathematics); they stay as they are written.
 *
 * HTML Living Standard sections 13.2.5.72 to 13.2.5.80 (how they are read) and 13.5 (names).
 */
#include "message/html_entities.h"

#include <assert.h>

enum { MAX_NAME = 14, MAX_BARE_NAME = 6, REPLACEMENT = 0xfffd };

struct entity {
    char name[MAX_NAME + 1];
    uint8_t is_bare; /* read without a semicolon too, as before HTML 4 */
    uint16_t character;
};

/* Sorted by the octets of the name. */
/* clang-format off */
static const struct entity entities[] = {
    {"AElig", 1, 0x00c6}, {"AMP", 1, 0x0026}, {"Aacute", 1, 0x00c1}, {"Abreve", 0, 0x0102},
    {"Acirc", 1, 0x00c2}, {"Acy", 0, 0x0410}, {"Agrave", 1, 0x00c0}, {"Alpha", 0, 0x0391},
    {"Amacr", 0, 0x0100}, {"Aogon", 0, 0x0104}, {"ApplyFunction", 0, 0x2061}, {"Aring", 1, 0x00c5},
    {"Atilde", 1, 0x00c3}, {"Auml", 1, 0x00c4}, {"Bcy", 0, 0x0411}, {"Beta", 0, 0x0392},
    {"Breve", 0, 0x02d8}, {"CHcy", 0, 0x0427}, {"COPY", 1, 0x00a9}, {"Cacute", 0, 0x0106},
    {"Ccaron", 0, 0x010c}, {"Ccedil", 1, 0x00c7}, {"Ccirc", 0, 0x0108}, {"Cdot", 0, 0x010a},
    {"Cedilla", 0, 0x00b8}, {"CenterDot", 0, 0x00b7}, {"Chi", 0, 0x03a7}, {"DJcy", 0, 0x0402},
    {"DScy", 0, 0x0405}, {"DZcy", 0, 0x040f}, {"Dagger", 0, 0x2021}, {"Darr", 0, 0x21a1},
    {"Dcaron", 0, 0x010e}, {"Dcy", 0, 0x0414}, {"Delta", 0, 0x0394}, {"DiacriticalDot", 0, 0x02d9},
    {"Dot", 0, 0x00a8}, {"DoubleDot", 0, 0x00a8}, {"DownBreve", 0, 0x0311}, {"Dstrok", 0, 0x0110},
    {"ENG", 0, 0x014a}, {"ETH", 1, 0x00d0}, {"Eacute", 1, 0x00c9}, {"Ecaron", 0, 0x011a},
    {"Ecirc", 1, 0x00ca}, {"Ecy", 0, 0x042d}, {"Edot", 0, 0x0116}, {"Egrave", 1, 0x00c8},
    {"Emacr", 0, 0x0112}, {"Eogon", 0, 0x0118}, {"Epsilon", 0, 0x0395}, {"Eta", 0, 0x0397},
    {"Euml", 1, 0x00cb}, {"Fcy", 0, 0x0424}, {"GJcy", 0, 0x0403}, {"GT", 1, 0x003e},
    {"Gamma", 0, 0x0393}, {"Gammad", 0, 0x03dc}, {"Gbreve", 0, 0x011e}, {"Gcedil", 0, 0x0122},
    {"Gcirc", 0, 0x011c}, {"Gcy", 0, 0x0413}, {"Gdot", 0, 0x0120}, {"HARDcy", 0, 0x042a},
    {"Hacek", 0, 0x02c7}, {"Hat", 0, 0x005e}, {"Hcirc", 0, 0x0124}, {"Hstrok", 0, 0x0126},
    {"IEcy", 0, 0x0415}, {"IJlig", 0, 0x0132}, {"IOcy", 0, 0x0401}, {"Iacute", 1, 0x00cd},
    {"Icirc", 1, 0x00ce}, {"Icy", 0, 0x0418}, {"Idot", 0, 0x0130}, {"Igrave", 1, 0x00cc},
    {"Imacr", 0, 0x012a}, {"InvisibleComma", 0, 0x2063}, {"InvisibleTimes", 0, 0x2062},
    {"Iogon", 0, 0x012e}, {"Iota", 0, 0x0399}, {"Itilde", 0, 0x0128}, {"Iukcy", 0, 0x0406},
    {"Iuml", 1, 0x00cf}, {"Jcirc", 0, 0x0134}, {"Jcy", 0, 0x0419}, {"Jsercy", 0, 0x0408},
    {"Jukcy", 0, 0x0404}, {"KHcy", 0, 0x0425}, {"KJcy", 0, 0x040c}, {"Kappa", 0, 0x039a},
    {"Kcedil", 0, 0x0136}, {"Kcy", 0, 0x041a}, {"LJcy", 0, 0x0409}, {"LT", 1, 0x003c},
    {"Lacute", 0, 0x0139}, {"Lambda", 0, 0x039b}, {"Larr", 0, 0x219e}, {"Lcaron", 0, 0x013d},
    {"Lcedil", 0, 0x013b}, {"Lcy", 0, 0x041b}, {"Lmidot", 0, 0x013f}, {"Lstrok", 0, 0x0141},
    {"Mcy", 0, 0x041c}, {"MediumSpace", 0, 0x205f}, {"Mu", 0, 0x039c}, {"NJcy", 0, 0x040a},
    {"Nacute", 0, 0x0143}, {"Ncaron", 0, 0x0147}, {"Ncedil", 0, 0x0145}, {"Ncy", 0, 0x041d},
    {"NewLine", 0, 0x000a}, {"NoBreak", 0, 0x2060}, {"Ntilde", 1, 0x00d1}, {"Nu", 0, 0x039d},
    {"OElig", 0, 0x0152}, {"Oacute", 1, 0x00d3}, {"Ocirc", 1, 0x00d4}, {"Ocy", 0, 0x041e},
    {"Odblac", 0, 0x0150}, {"Ograve", 1, 0x00d2}, {"Omacr", 0, 0x014c}, {"Omega", 0, 0x03a9},
    {"Omicron", 0, 0x039f}, {"OpenCurlyQuote", 0, 0x2018}, {"Oslash", 1, 0x00d8},
    {"Otilde", 1, 0x00d5}, {"Ouml", 1, 0x00d6}, {"OverBar", 0, 0x203e}, {"Pcy", 0, 0x041f},
    {"Phi", 0, 0x03a6}, {"Pi", 0, 0x03a0}, {"PlusMinus", 0, 0x00b1}, {"Prime", 0, 0x2033},
    {"Psi", 0, 0x03a8}, {"QUOT", 1, 0x0022}, {"REG", 1, 0x00ae}, {"Racute", 0, 0x0154},
    {"Rarr", 0, 0x21a0}, {"Rcaron", 0, 0x0158}, {"Rcedil", 0, 0x0156}, {"Rcy", 0, 0x0420},
    {"Rho", 0, 0x03a1}, {"SHCHcy", 0, 0x0429}, {"SHcy", 0, 0x0428}, {"SOFTcy", 0, 0x042c},
    {"Sacute", 0, 0x015a}, {"Scaron", 0, 0x0160}, {"Scedil", 0, 0x015e}, {"Scirc", 0, 0x015c},
    {"Scy", 0, 0x0421}, {"Sigma", 0, 0x03a3}, {"Square", 0, 0x25a1}, {"THORN", 1, 0x00de},
    {"TRADE", 0, 0x2122}, {"TSHcy", 0, 0x040b}, {"TScy", 0, 0x0426}, {"Tab", 0, 0x0009},
    {"Tau", 0, 0x03a4}, {"Tcaron", 0, 0x0164}, {"Tcedil", 0, 0x0162}, {"Tcy", 0, 0x0422},
    {"Theta", 0, 0x0398}, {"ThinSpace", 0, 0x2009}, {"Tstrok", 0, 0x0166}, {"Uacute", 1, 0x00da},
    {"Uarr", 0, 0x219f}, {"Ubrcy", 0, 0x040e}, {"Ubreve", 0, 0x016c}, {"Ucirc", 1, 0x00db},
    {"Ucy", 0, 0x0423}, {"Udblac", 0, 0x0170}, {"Ugrave", 1, 0x00d9}, {"Umacr", 0, 0x016a},
    {"UnderBar", 0, 0x005f}, {"Uogon", 0, 0x0172}, {"UpArrow", 0, 0x2191}, {"Uparrow", 0, 0x21d1},
    {"Upsi", 0, 0x03d2}, {"Upsilon", 0, 0x03a5}, {"Uring", 0, 0x016e}, {"Utilde", 0, 0x0168},
    {"Uuml", 1, 0x00dc}, {"Vcy", 0, 0x0412}, {"Verbar", 0, 0x2016}, {"Vert", 0, 0x2016},
    {"VerticalLine", 0, 0x007c}, {"VeryThinSpace", 0, 0x200a}, {"Wcirc", 0, 0x0174},
    {"Xi", 0, 0x039e}, {"YAcy", 0, 0x042f}, {"YIcy", 0, 0x0407}, {"YUcy", 0, 0x042e},
    {"Yacute", 1, 0x00dd}, {"Ycirc", 0, 0x0176}, {"Ycy", 0, 0x042b}, {"Yuml", 0, 0x0178},
    {"ZHcy", 0, 0x0416}, {"Zacute", 0, 0x0179}, {"Zcaron", 0, 0x017d}, {"Zcy", 0, 0x0417},
    {"Zdot", 0, 0x017b}, {"ZeroWidthSpace", 0, 0x200b}, {"Zeta", 0, 0x0396}, {"aacute", 1, 0x00e1},
    {"abreve", 0, 0x0103}, {"acirc", 1, 0x00e2}, {"acute", 1, 0x00b4}, {"acy", 0, 0x0430},
    {"aelig", 1, 0x00e6}, {"af", 0, 0x2061}, {"agrave", 1, 0x00e0}, {"alefsym", 0, 0x2135},
    {"alpha", 0, 0x03b1}, {"amacr", 0, 0x0101}, {"amp", 1, 0x0026}, {"and", 0, 0x2227},
    {"ang", 0, 0x2220}, {"angst", 0, 0x00c5}, {"aogon", 0, 0x0105}, {"apos", 0, 0x0027},
    {"aring", 1, 0x00e5}, {"ast", 0, 0x002a}, {"asymp", 0, 0x2248}, {"atilde", 1, 0x00e3},
    {"auml", 1, 0x00e4}, {"backepsilon", 0, 0x03f6}, {"backprime", 0, 0x2035}, {"bcy", 0, 0x0431},
    {"bdquo", 0, 0x201e}, {"bepsi", 0, 0x03f6}, {"beta", 0, 0x03b2}, {"bigcirc", 0, 0x25ef},
    {"bigstar", 0, 0x2605}, {"bprime", 0, 0x2035}, {"breve", 0, 0x02d8}, {"brvbar", 1, 0x00a6},
    {"bsemi", 0, 0x204f}, {"bsol", 0, 0x005c}, {"bull", 0, 0x2022}, {"bullet", 0, 0x2022},
    {"cacute", 0, 0x0107}, {"cap", 0, 0x2229}, {"caret", 0, 0x2041}, {"caron", 0, 0x02c7},
    {"ccaron", 0, 0x010d}, {"ccedil", 1, 0x00e7}, {"ccirc", 0, 0x0109}, {"cdot", 0, 0x010b},
    {"cedil", 1, 0x00b8}, {"cent", 1, 0x00a2}, {"centerdot", 0, 0x00b7}, {"chcy", 0, 0x0447},
    {"check", 0, 0x2713}, {"checkmark", 0, 0x2713}, {"chi", 0, 0x03c7}, {"cir", 0, 0x25cb},
    {"circ", 0, 0x02c6}, {"circledR", 0, 0x00ae}, {"clubs", 0, 0x2663}, {"clubsuit", 0, 0x2663},
    {"colon", 0, 0x003a}, {"comma", 0, 0x002c}, {"commat", 0, 0x0040}, {"cong", 0, 0x2245},
    {"copy", 1, 0x00a9}, {"copysr", 0, 0x2117}, {"crarr", 0, 0x21b5}, {"cross", 0, 0x2717},
    {"cularr", 0, 0x21b6}, {"cup", 0, 0x222a}, {"curarr", 0, 0x21b7}, {"curren", 1, 0x00a4},
    {"dArr", 0, 0x21d3}, {"dagger", 0, 0x2020}, {"darr", 0, 0x2193}, {"dash", 0, 0x2010},
    {"dblac", 0, 0x02dd}, {"dcaron", 0, 0x010f}, {"dcy", 0, 0x0434}, {"ddagger", 0, 0x2021},
    {"ddarr", 0, 0x21ca}, {"deg", 1, 0x00b0}, {"delta", 0, 0x03b4}, {"dharr", 0, 0x21c2},
    {"diams", 0, 0x2666}, {"die", 0, 0x00a8}, {"digamma", 0, 0x03dd}, {"div", 0, 0x00f7},
    {"divide", 1, 0x00f7}, {"djcy", 0, 0x0452}, {"dollar", 0, 0x0024}, {"dot", 0, 0x02d9},
    {"dscy", 0, 0x0455}, {"dstrok", 0, 0x0111}, {"dtri", 0, 0x25bf}, {"dtrif", 0, 0x25be},
    {"duarr", 0, 0x21f5}, {"dzcy", 0, 0x045f}, {"eacute", 1, 0x00e9}, {"ecaron", 0, 0x011b},
    {"ecirc", 1, 0x00ea}, {"ecy", 0, 0x044d}, {"edot", 0, 0x0117}, {"egrave", 1, 0x00e8},
    {"ell", 0, 0x2113}, {"emacr", 0, 0x0113}, {"empty", 0, 0x2205}, {"emsp", 0, 0x2003},
    {"emsp13", 0, 0x2004}, {"emsp14", 0, 0x2005}, {"eng", 0, 0x014b}, {"ensp", 0, 0x2002},
    {"eogon", 0, 0x0119}, {"epsi", 0, 0x03b5}, {"epsilon", 0, 0x03b5}, {"epsiv", 0, 0x03f5},
    {"equals", 0, 0x003d}, {"equiv", 0, 0x2261}, {"eta", 0, 0x03b7}, {"eth", 1, 0x00f0},
    {"euml", 1, 0x00eb}, {"euro", 0, 0x20ac}, {"excl", 0, 0x0021}, {"exist", 0, 0x2203},
    {"fcy", 0, 0x0444}, {"female", 0, 0x2640}, {"flat", 0, 0x266d}, {"fltns", 0, 0x25b1},
    {"fnof", 0, 0x0192}, {"forall", 0, 0x2200}, {"frac12", 1, 0x00bd}, {"frac13", 0, 0x2153},
    {"frac14", 1, 0x00bc}, {"frac15", 0, 0x2155}, {"frac16", 0, 0x2159}, {"frac18", 0, 0x215b},
    {"frac23", 0, 0x2154}, {"frac25", 0, 0x2156}, {"frac34", 1, 0x00be}, {"frac35", 0, 0x2157},
    {"frac38", 0, 0x215c}, {"frac45", 0, 0x2158}, {"frac56", 0, 0x215a}, {"frac58", 0, 0x215d},
    {"frac78", 0, 0x215e}, {"frasl", 0, 0x2044}, {"gacute", 0, 0x01f5}, {"gamma", 0, 0x03b3},
    {"gammad", 0, 0x03dd}, {"gbreve", 0, 0x011f}, {"gcirc", 0, 0x011d}, {"gcy", 0, 0x0433},
    {"gdot", 0, 0x0121}, {"ge", 0, 0x2265}, {"gjcy", 0, 0x0453}, {"grave", 0, 0x0060},
    {"gt", 1, 0x003e}, {"hArr", 0, 0x21d4}, {"hairsp", 0, 0x200a}, {"half", 0, 0x00bd},
    {"hardcy", 0, 0x044a}, {"harr", 0, 0x2194}, {"harrw", 0, 0x21ad}, {"hcirc", 0, 0x0125},
    {"hearts", 0, 0x2665}, {"heartsuit", 0, 0x2665}, {"hellip", 0, 0x2026}, {"hoarr", 0, 0x21ff},
    {"horbar", 0, 0x2015}, {"hstrok", 0, 0x0127}, {"hybull", 0, 0x2043}, {"hyphen", 0, 0x2010},
    {"iacute", 1, 0x00ed}, {"ic", 0, 0x2063}, {"icirc", 1, 0x00ee}, {"icy", 0, 0x0438},
    {"iecy", 0, 0x0435}, {"iexcl", 1, 0x00a1}, {"igrave", 1, 0x00ec}, {"ijlig", 0, 0x0133},
    {"imacr", 0, 0x012b}, {"image", 0, 0x2111}, {"imath", 0, 0x0131}, {"imped", 0, 0x01b5},
    {"infin", 0, 0x221e}, {"inodot", 0, 0x0131}, {"int", 0, 0x222b}, {"iocy", 0, 0x0451},
    {"iogon", 0, 0x012f}, {"iota", 0, 0x03b9}, {"iquest", 1, 0x00bf}, {"isin", 0, 0x2208},
    {"it", 0, 0x2062}, {"itilde", 0, 0x0129}, {"iukcy", 0, 0x0456}, {"iuml", 1, 0x00ef},
    {"jcirc", 0, 0x0135}, {"jcy", 0, 0x0439}, {"jmath", 0, 0x0237}, {"jsercy", 0, 0x0458},
    {"jukcy", 0, 0x0454}, {"kappa", 0, 0x03ba}, {"kappav", 0, 0x03f0}, {"kcedil", 0, 0x0137},
    {"kcy", 0, 0x043a}, {"kgreen", 0, 0x0138}, {"khcy", 0, 0x0445}, {"kjcy", 0, 0x045c},
    {"lAarr", 0, 0x21da}, {"lArr", 0, 0x21d0}, {"lacute", 0, 0x013a}, {"lambda", 0, 0x03bb},
    {"lang", 0, 0x27e8}, {"laquo", 1, 0x00ab}, {"larr", 0, 0x2190}, {"larrb", 0, 0x21e4},
    {"larrhk", 0, 0x21a9}, {"larrlp", 0, 0x21ab}, {"larrtl", 0, 0x21a2}, {"lbbrk", 0, 0x2772},
    {"lbrace", 0, 0x007b}, {"lbrack", 0, 0x005b}, {"lcaron", 0, 0x013e}, {"lcedil", 0, 0x013c},
    {"lceil", 0, 0x2308}, {"lcub", 0, 0x007b}, {"lcy", 0, 0x043b}, {"ldquo", 0, 0x201c},
    {"ldquor", 0, 0x201e}, {"le", 0, 0x2264}, {"lfloor", 0, 0x230a}, {"ljcy", 0, 0x0459},
    {"llarr", 0, 0x21c7}, {"lmidot", 0, 0x0140}, {"loarr", 0, 0x21fd}, {"lowast", 0, 0x2217},
    {"lowbar", 0, 0x005f}, {"loz", 0, 0x25ca}, {"lozenge", 0, 0x25ca}, {"lpar", 0, 0x0028},
    {"lrarr", 0, 0x21c6}, {"lrm", 0, 0x200e}, {"lsaquo", 0, 0x2039}, {"lsqb", 0, 0x005b},
    {"lsquo", 0, 0x2018}, {"lsquor", 0, 0x201a}, {"lstrok", 0, 0x0142}, {"lt", 1, 0x003c},
    {"ltri", 0, 0x25c3}, {"ltrif", 0, 0x25c2}, {"macr", 1, 0x00af}, {"male", 0, 0x2642},
    {"malt", 0, 0x2720}, {"maltese", 0, 0x2720}, {"mcy", 0, 0x043c}, {"mdash", 0, 0x2014},
    {"micro", 1, 0x00b5}, {"midast", 0, 0x002a}, {"middot", 1, 0x00b7}, {"minus", 0, 0x2212},
    {"mldr", 0, 0x2026}, {"mu", 0, 0x03bc}, {"nabla", 0, 0x2207}, {"nacute", 0, 0x0144},
    {"napos", 0, 0x0149}, {"natur", 0, 0x266e}, {"natural", 0, 0x266e}, {"nbsp", 1, 0x00a0},
    {"ncaron", 0, 0x0148}, {"ncedil", 0, 0x0146}, {"ncy", 0, 0x043d}, {"ndash", 0, 0x2013},
    {"ne", 0, 0x2260}, {"neArr", 0, 0x21d7}, {"nearr", 0, 0x2197}, {"nearrow", 0, 0x2197},
    {"nhArr", 0, 0x21ce}, {"nharr", 0, 0x21ae}, {"ni", 0, 0x220b}, {"njcy", 0, 0x045a},
    {"nlArr", 0, 0x21cd}, {"nlarr", 0, 0x219a}, {"nldr", 0, 0x2025}, {"not", 1, 0x00ac},
    {"notin", 0, 0x2209}, {"nrArr", 0, 0x21cf}, {"nrarr", 0, 0x219b}, {"nsub", 0, 0x2284},
    {"ntilde", 1, 0x00f1}, {"nu", 0, 0x03bd}, {"num", 0, 0x0023}, {"numero", 0, 0x2116},
    {"numsp", 0, 0x2007}, {"nwArr", 0, 0x21d6}, {"nwarr", 0, 0x2196}, {"nwarrow", 0, 0x2196},
    {"oacute", 1, 0x00f3}, {"ocirc", 1, 0x00f4}, {"ocy", 0, 0x043e}, {"odblac", 0, 0x0151},
    {"oelig", 0, 0x0153}, {"ogon", 0, 0x02db}, {"ograve", 1, 0x00f2}, {"ohm", 0, 0x03a9},
    {"olarr", 0, 0x21ba}, {"oline", 0, 0x203e}, {"omacr", 0, 0x014d}, {"omega", 0, 0x03c9},
    {"omicron", 0, 0x03bf}, {"oplus", 0, 0x2295}, {"or", 0, 0x2228}, {"orarr", 0, 0x21bb},
    {"ordf", 1, 0x00aa}, {"ordm", 1, 0x00ba}, {"oslash", 1, 0x00f8}, {"otilde", 1, 0x00f5},
    {"otimes", 0, 0x2297}, {"ouml", 1, 0x00f6}, {"para", 1, 0x00b6}, {"part", 0, 0x2202},
    {"pcy", 0, 0x043f}, {"percnt", 0, 0x0025}, {"period", 0, 0x002e}, {"permil", 0, 0x2030},
    {"perp", 0, 0x22a5}, {"pertenk", 0, 0x2031}, {"phi", 0, 0x03c6}, {"phiv", 0, 0x03d5},
    {"phone", 0, 0x260e}, {"pi", 0, 0x03c0}, {"piv", 0, 0x03d6}, {"plus", 0, 0x002b},
    {"plusmn", 1, 0x00b1}, {"pm", 0, 0x00b1}, {"pound", 1, 0x00a3}, {"prime", 0, 0x2032},
    {"prod", 0, 0x220f}, {"prop", 0, 0x221d}, {"psi", 0, 0x03c8}, {"puncsp", 0, 0x2008},
    {"qprime", 0, 0x2057}, {"quest", 0, 0x003f}, {"quot", 1, 0x0022}, {"rAarr", 0, 0x21db},
    {"rArr", 0, 0x21d2}, {"racute", 0, 0x0155}, {"radic", 0, 0x221a}, {"rang", 0, 0x27e9},
    {"raquo", 1, 0x00bb}, {"rarr", 0, 0x2192}, {"rarrb", 0, 0x21e5}, {"rarrhk", 0, 0x21aa},
    {"rarrlp", 0, 0x21ac}, {"rarrtl", 0, 0x21a3}, {"rarrw", 0, 0x219d}, {"rbbrk", 0, 0x2773},
    {"rbrace", 0, 0x007d}, {"rbrack", 0, 0x005d}, {"rcaron", 0, 0x0159}, {"rcedil", 0, 0x0157},
    {"rceil", 0, 0x2309}, {"rcub", 0, 0x007d}, {"rcy", 0, 0x0440}, {"rdquo", 0, 0x201d},
    {"rdquor", 0, 0x201d}, {"real", 0, 0x211c}, {"rect", 0, 0x25ad}, {"reg", 1, 0x00ae},
    {"rfloor", 0, 0x230b}, {"rho", 0, 0x03c1}, {"rhov", 0, 0x03f1}, {"ring", 0, 0x02da},
    {"rlarr", 0, 0x21c4}, {"rlm", 0, 0x200f}, {"roarr", 0, 0x21fe}, {"rpar", 0, 0x0029},
    {"rrarr", 0, 0x21c9}, {"rsaquo", 0, 0x203a}, {"rsqb", 0, 0x005d}, {"rsquo", 0, 0x2019},
    {"rsquor", 0, 0x2019}, {"rtri", 0, 0x25b9}, {"rtrif", 0, 0x25b8}, {"rx", 0, 0x211e},
    {"sacute", 0, 0x015b}, {"sbquo", 0, 0x201a}, {"scaron", 0, 0x0161}, {"scedil", 0, 0x015f},
    {"scirc", 0, 0x015d}, {"scy", 0, 0x0441}, {"sdot", 0, 0x22c5}, {"seArr", 0, 0x21d8},
    {"searr", 0, 0x2198}, {"searrow", 0, 0x2198}, {"sect", 1, 0x00a7}, {"semi", 0, 0x003b},
    {"sext", 0, 0x2736}, {"sharp", 0, 0x266f}, {"shchcy", 0, 0x0449}, {"shcy", 0, 0x0448},
    {"shy", 1, 0x00ad}, {"sigma", 0, 0x03c3}, {"sigmaf", 0, 0x03c2}, {"sigmav", 0, 0x03c2},
    {"sim", 0, 0x223c}, {"slarr", 0, 0x2190}, {"softcy", 0, 0x044c}, {"sol", 0, 0x002f},
    {"spades", 0, 0x2660}, {"spadesuit", 0, 0x2660}, {"squ", 0, 0x25a1}, {"square", 0, 0x25a1},
    {"squarf", 0, 0x25aa}, {"squf", 0, 0x25aa}, {"srarr", 0, 0x2192}, {"star", 0, 0x2606},
    {"starf", 0, 0x2605}, {"straightphi", 0, 0x03d5}, {"strns", 0, 0x00af}, {"sub", 0, 0x2282},
    {"sube", 0, 0x2286}, {"sum", 0, 0x2211}, {"sung", 0, 0x266a}, {"sup", 0, 0x2283},
    {"sup1", 1, 0x00b9}, {"sup2", 1, 0x00b2}, {"sup3", 1, 0x00b3}, {"supe", 0, 0x2287},
    {"swArr", 0, 0x21d9}, {"swarr", 0, 0x2199}, {"swarrow", 0, 0x2199}, {"szlig", 1, 0x00df},
    {"tau", 0, 0x03c4}, {"tcaron", 0, 0x0165}, {"tcedil", 0, 0x0163}, {"tcy", 0, 0x0442},
    {"there4", 0, 0x2234}, {"theta", 0, 0x03b8}, {"thetasym", 0, 0x03d1}, {"thetav", 0, 0x03d1},
    {"thinsp", 0, 0x2009}, {"thorn", 1, 0x00fe}, {"tilde", 0, 0x02dc}, {"times", 1, 0x00d7},
    {"tprime", 0, 0x2034}, {"trade", 0, 0x2122}, {"triangle", 0, 0x25b5}, {"tscy", 0, 0x0446},
    {"tshcy", 0, 0x045b}, {"tstrok", 0, 0x0167}, {"uArr", 0, 0x21d1}, {"uacute", 1, 0x00fa},
    {"uarr", 0, 0x2191}, {"ubrcy", 0, 0x045e}, {"ubreve", 0, 0x016d}, {"ucirc", 1, 0x00fb},
    {"ucy", 0, 0x0443}, {"udarr", 0, 0x21c5}, {"udblac", 0, 0x0171}, {"ugrave", 1, 0x00f9},
    {"uharr", 0, 0x21be}, {"umacr", 0, 0x016b}, {"uml", 1, 0x00a8}, {"uogon", 0, 0x0173},
    {"uparrow", 0, 0x2191}, {"upsi", 0, 0x03c5}, {"upsih", 0, 0x03d2}, {"upsilon", 0, 0x03c5},
    {"uring", 0, 0x016f}, {"utilde", 0, 0x0169}, {"utri", 0, 0x25b5}, {"utrif", 0, 0x25b4},
    {"uuarr", 0, 0x21c8}, {"uuml", 1, 0x00fc}, {"vArr", 0, 0x21d5}, {"varepsilon", 0, 0x03f5},
    {"varkappa", 0, 0x03f0}, {"varphi", 0, 0x03d5}, {"varpi", 0, 0x03d6}, {"varr", 0, 0x2195},
    {"varrho", 0, 0x03f1}, {"varsigma", 0, 0x03c2}, {"vartheta", 0, 0x03d1}, {"vcy", 0, 0x0432},
    {"verbar", 0, 0x007c}, {"vert", 0, 0x007c}, {"wcirc", 0, 0x0175}, {"weierp", 0, 0x2118},
    {"xcirc", 0, 0x25ef}, {"xdtri", 0, 0x25bd}, {"xi", 0, 0x03be}, {"xutri", 0, 0x25b3},
    {"yacute", 1, 0x00fd}, {"yacy", 0, 0x044f}, {"ycirc", 0, 0x0177}, {"ycy", 0, 0x044b},
    {"yen", 1, 0x00a5}, {"yicy", 0, 0x0457}, {"yucy", 0, 0x044e}, {"yuml", 1, 0x00ff},
    {"zacute", 0, 0x017a}, {"zcaron", 0, 0x017e}, {"zcy", 0, 0x0437}, {"zdot", 0, 0x017c},
    {"zeta", 0, 0x03b6}, {"zhcy", 0, 0x0436}, {"zigrarr", 0, 0x21dd}, {"zwj", 0, 0x200d},
    {"zwnj", 0, 0x200c},
};
/* clang-format on */

enum { N_ENTITIES = sizeof entities / sizeof entities[0] };

/*
 * What references to 128 to 159 mean: the characters of Windows-1252, for authors took these
 * numbers from there. The five that it does not define stay C1 controls.
 */
static const uint16_t windows_1252[32] = {
    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178,
};

static bool is_alphanumeric(char c)
{
    return mailsub__ascii_is_alpha(c) || mailsub__ascii_is_digit(c);
}

/* Order of name[0..len) and the entity's name. */
static int compare_name(const char *name, size_t len, const struct entity *entity)
{
    assert(len <= MAX_NAME);
    int order = memcmp(name, entity->name, len);
    return order == 0 && entity->name[len] != '\0' ? -1 : order;
}

static const struct entity *find_entity(const char *name, size_t len)
{
    size_t low = 0;
    size_t high = N_ENTITIES;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_name(name, len, &entities[middle]);
        if (order == 0)
            return &entities[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* The value of a digit, or 16. */
static unsigned digit_value(char c)
{
    if (mailsub__ascii_is_digit(c))
        return (unsigned)(c - '0');
    c = mailsub__ascii_lower(c);
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

static uint32_t numbered_character(uint32_t number)
{
    if (number >= 0x80 && number <= 0x9f)
        return windows_1252[number - 0x80];
    if (number == 0 || number > 0x10ffff || (number >= 0xd800 && number <= 0xdfff))
        return REPLACEMENT;
    return number;
}

/* "&#" and what follows. The end of the digits may be missing its semicolon. */
static size_t decode_number(mailsub__slice text, uint32_t *out_char)
{
    size_t at = 2;
    uint32_t base = 10;
    if (at < text.len && mailsub__ascii_lower(text.ptr[at]) == 'x') {
        base = 16;
        at++;
    }
    size_t first = at;
    uint32_t number = 0;
    for (; at < text.len && digit_value(text.ptr[at]) < base; at++) {
        if (number <= 0x10ffff)
            number = number * base + digit_value(text.ptr[at]);
    }
    if (at == first)
        return 0;
    *out_char = numbered_character(number);
    return at + (at < text.len && text.ptr[at] == ';');
}

/*
 * The longest beginning of name that is read without a semicolon. In an attribute it must not run
 * on: href="?a=1&copy=2" holds a parameter "copy".
 */
static size_t decode_bare_name(const char *name, size_t len, const char *end, bool in_attribute,
                               uint32_t *out_char)
{
    for (size_t bare = len < MAX_BARE_NAME ? len : MAX_BARE_NAME; bare >= 2; bare--) {
        const struct entity *entity = find_entity(name, bare);
        if (!entity || !entity->is_bare)
            continue;
        const char *next = name + bare;
        if (in_attribute && next < end && (is_alphanumeric(*next) || *next == '='))
            return 0;
        *out_char = entity->character;
        return 1 + bare;
    }
    return 0;
}

size_t mailsub__html_entities_decode(mailsub__slice text, bool in_attribute, uint32_t *out_char)
{
    assert(text.len > 0 && text.ptr[0] == '&');
    if (text.len >= 2 && text.ptr[1] == '#')
        return decode_number(text, out_char);
    const char *name = text.ptr + 1;
    const char *end = text.ptr + text.len;
    size_t len = 0;
    while (len <= MAX_NAME && name + len < end && is_alphanumeric(name[len]))
        len++;
    if (len <= MAX_NAME && name + len < end && name[len] == ';') {
        const struct entity *entity = find_entity(name, len);
        if (entity) {
            *out_char = entity->character;
            return 1 + len + 1;
        }
    }
    return decode_bare_name(name, len, end, in_attribute, out_char);
}
