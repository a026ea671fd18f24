/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdio.h>

#include "base/buffer.h"
#include "message/html_text.h"

#include "../html_text_rules.h"

struct html_row {
    const char *name;
    const char *html;
    const char *text;
};

/* Text, white space, characters. */
static const struct html_row text_rows[] = {
    {"nothing", "", ""},
    {"only white space", " \r\n\t ", ""},
    {"a text without tags", "Hello", "Hello\n"},
    {"white space collapses", "  a \n\t b\r\nc  ", "a b c\n"},
    {"white space around inline tags collapses", "a <b> b </b> c", "a b c\n"},
    {"inline tags part no words", "un<b>believ</b>able", "unbelievable\n"},
    {"no-break spaces become spaces", "10&nbsp;&euro;\xc2\xa0only", "10 € only\n"},
    {"runs of no-break spaces collapse", "a&nbsp; &nbsp;&#160;b", "a b\n"},
    {"spaces of any width collapse", "a&ensp;&emsp;&thinsp;b&#8239;c&#8199;d", "a b c d\n"},
    {"a paragraph of no-break spaces is none", "a<p>&nbsp;</p>b", "a\n\nb\n"},
    {"the filler of previews vanishes", "Hi&nbsp;&zwnj;&nbsp;&zwnj;&nbsp;&#847;&shy;&#65279; <p>x",
     "Hi\n\nx\n"},
    {"zero-width characters alone are nothing", "<p>&#8203;&zwnj;&zwj;&#8288;</p>", ""},
    {"zero-width characters at a word's ends vanish", "&zwnj;a&zwj; &zwnj;b&#8203;<br>c",
     "a b\nc\n"},
    {"a non-joiner inside a word stays", "می‌خواهم", "می‌خواهم\n"},
    {"joiners inside an emoji stay", "👩‍💻 works", "👩‍💻 works\n"},
    {"zero-width spaces between letters stay", "ສະ\u200bບາຍ", "ສະ\u200bບາຍ\n"},
    {"soft hyphens vanish", "Donau&shy;dampf\u00adschiff", "Donaudampfschiff\n"},
    {"ideographic spaces stay inside", "東京\u3000大阪", "東京\u3000大阪\n"},
    {"an ideographic indent stays", "<p>\u3000本文</p>", "\u3000本文\n"},
    {"ideographic spaces at the end vanish", "本文\u3000<br>\u3000", "本文\n"},
    {"Arabic passes untouched", "<p dir=rtl>مرحبا، \u200fأهلاً!\u200f</p>",
     "مرحبا، \u200fأهلاً!\u200f\n"},
    {"Hebrew with points passes untouched", "שָׁלוֹם", "שָׁלוֹם\n"},
    {"combining characters pass untouched", "e\u0301 a\u0308", "e\u0301 a\u0308\n"},
    {"controls vanish",
     "a\x01\x08"
     "b\x7f"
     "c\xc2\x81"
     "d&#7;&#127;",
     "abcd\n"},
    {"line separators are white space", "a\u2028b\u2029c\xc2\x85 d", "a b c d\n"},
    {"long lines are not wrapped",
     "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut",
     "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt "
     "ut\n"},
    {"raised digits stay raised", "m<sup>2</sup> 10<sup>-6</sup> x<sup>n</sup>", "m² 10-⁶ xn\n"},
    {"lowered digits stay lowered", "H<sub>2</sub>O", "H₂O\n"},
    {"an inline quotation gets quotation marks", "he said <q>yes</q> <q>no</q>",
     "he said \"yes\" \"no\"\n"},
};

/* Character references. */
static const struct html_row reference_rows[] = {
    {"the four of XML and the apostrophe", "&lt;b&gt; &amp;amp; &quot;x&quot; &apos;",
     "<b> &amp; \"x\" '\n"},
    {"names of HTML 4", "&auml;&Ouml;&szlig;&eacute;&alpha;&hearts;&hellip;&mdash;&trade;&loz;",
     "äÖßéα♥…—™◊\n"},
    {"names of HTML 5", "&check;&star;&lbrace;&rsqb;&comma;&Zcaron;&SHCHcy;&rarr;&frac13;",
     "✓☆{],ŽЩ→⅓\n"},
    {"names are told apart by case", "&Auml;&auml; &Dagger;&dagger; &Prime;&prime;", "Ää ‡† ″′\n"},
    {"decimal", "&#8364;&#128512;&#65", "€😀A\n"},
    {"hexadecimal", "&#x20AC;&#X1f600;&#x41", "€😀A\n"},
    {"Windows-1252 by number", "&#128;&#150;&#147;x&#x94;&#153;", "€–“x”™\n"},
    {"numbers that are no characters", "&#0;|&#xD800;|&#x110000;|&#99999999999999999999;",
     "\ufffd|\ufffd|\ufffd|\ufffd\n"},
    {"old names need no semicolon", "&copy 2024 &ampx &eacutet", "© 2024 &x ét\n"},
    {"the longest old name is taken", "&notit; &not &notin;", "¬it; ¬ ∉\n"},
    {"new names need their semicolon", "&hellip x &trade", "&hellip x &trade\n"},
    {"unknown names stay", "&nosuch; &x; &; &# &#; &#x; &#xg; AT&T",
     "&nosuch; &x; &; &# &#; &#x; "
     "&#xg; AT&T\n"},
    {"a long name is none", "&abcdefghijklmnopqrstuvwxyz;", "&abcdefghijklmnopqrstuvwxyz;\n"},
    {"a reference at the end", "a &", "a &\n"},
    {"a reference is not read twice", "&amp;lt;b&amp;gt;", "&lt;b&gt;\n"},
    {"a line end as a reference is white space", "a&#10;b&NewLine;c&Tab;d", "a b c d\n"},
};

/* Paragraphs and other blocks. */
static const struct html_row block_rows[] = {
    {"paragraphs are parted by a blank line", "<p>a</p><p>b</p>", "a\n\nb\n"},
    {"paragraphs without end tags", "<p>a<p>b<P>c", "a\n\nb\n\nc\n"},
    {"empty paragraphs add nothing", "<p>a</p><p></p><p> </p><p>b</p>", "a\n\nb\n"},
    {"headings are paragraphs", "<h1>A</h1>b<h2>C</h2><p>d", "A\n\nb\n\nC\n\nd\n"},
    {"divisions are lines", "<div>a</div><div>b<div>c</div></div>d", "a\nb\nc\nd\n"},
    {"nested divisions add no lines", "<div><div><div>a</div></div></div><div>b</div>", "a\nb\n"},
    {"a line break", "a<br>b<br/>c<BR />d", "a\nb\nc\nd\n"},
    {"two line breaks are a blank line", "a<br><br>b", "a\n\nb\n"},
    {"many line breaks are one blank line", "a<br><br><br> <br>b", "a\n\nb\n"},
    {"a line break at a block's end adds nothing", "<div>a<br></div>b", "a\nb\n"},
    {"a division with a line break is a blank line", "<div>a</div><div><br></div><div>b</div>",
     "a\n\nb\n"},
    {"line breaks at both ends vanish", "<br><br>a<br><br>", "a\n"},
    {"a line break written as an end tag", "a</br>b", "a\nb\n"},
    {"an end tag of a paragraph alone", "a</p>b", "a\n\nb\n"},
    {"a rule", "a<hr>b", "a\n\n----------\n\nb\n"},
    {"a quote", "<blockquote>a<br>b</blockquote>c", "> a\n> b\n\nc\n"},
    {"blank lines in a quote", "x<blockquote><p>a<p>b</blockquote>c", "x\n\n> a\n>\n> b\n\nc\n"},
    {"a quote in a quote", "<blockquote>a<blockquote>b</blockquote>c</blockquote>",
     "> a\n>\n> > b\n>\n> c\n"},
    {"quotes side by side", "<blockquote>a</blockquote><blockquote>b</blockquote>",
     "> a\n>\n> b\n"},
    {"pre keeps white space", "<pre>a  b\n  c\n\n\nd</pre>", "a  b\n  c\n\n\nd\n"},
    {"pre drops line ends at both ends", "x<pre>\n\n  a\n\n</pre>y", "x\n\n  a\n\ny\n"},
    {"pre drops blanks at line ends", "<pre>a  \n\t\nb </pre>", "a\n\nb\n"},
    {"pre expands tabs", "<pre>\ta\nab\tc\t\td</pre>", "        a\nab      c               d\n"},
    {"tabs count characters", "<pre>äö\tx</pre>", "äö      x\n"},
    {"pre takes all line ends", "<pre>a\r\nb\rc\nd</pre>", "a\nb\nc\nd\n"},
    {"pre with tags inside", "<pre>a <b> b</b><br>  c&lt;\n</pre>d", "a  b\n  c<\n\nd\n"},
    {"pre in a quote", "<blockquote><pre>a\n\n  b</pre></blockquote>", "> a\n>\n>   b\n"},
    {"no-break spaces in pre are spaces", "<pre>a&nbsp;&nbsp;b</pre>", "a  b\n"},
    {"white space kept by style", "<div style='white-space: pre-wrap'>a\n  b</div>c\n  d",
     "a\n  b\nc d\n"},
    {"sections of HTML 5 are blocks",
     "<header>a</header><main><article>b</article></main><footer>c</footer>", "a\nb\nc\n"},
    {"definitions are indented", "<dl><dt>T<dd>a<br>b<dt>U<dd>c</dl>",
     "T\n    a\n    b\nU\n    c\n"},
};

static const struct html_row list_rows[] = {
    {"a list", "x<ul><li>a</li><li>b</li></ul>y", "x\n\n- a\n- b\n\ny\n"},
    {"items without end tags", "<ul><li>a<li>b</ul>", "- a\n- b\n"},
    {"a numbered list", "<ol><li>a<li>b</ol>", "1. a\n2. b\n"},
    {"numbers start elsewhere", "<ol start='9'><li>a<li>b</ol>", "9. a\n10. b\n"},
    {"an item with a number", "<ol><li>a<li value=7>b<li>c</ol>", "1. a\n7. b\n8. c\n"},
    {"numbers below one", "<ol start=-1><li>a<li>b<li>c</ol>", "-1. a\n0. b\n1. c\n"},
    {"a start that is no number", "<ol start=x><li>a</ol>", "1. a\n"},
    {"a start beyond all numbers", "<ol start=99999999999999><li>a<li>b</ol>",
     "999999999. a\n999999999. b\n"},
    {"numbers count down", "<ol reversed start=2><li>a<li>b</ol>", "2. a\n1. b\n"},
    {"letters", "<ol type=a start=26><li>a<li>b</ol>", "z. a\naa. b\n"},
    {"capital letters", "<ol type=A><li>a<li>b</ol>", "A. a\nB. b\n"},
    {"Roman numbers", "<ol type=i start=3><li>a<li>b<li value=49>c<li value=388>d</ol>",
     "iii. a\niv. b\nxlix. c\nccclxxxviii. d\n"},
    {"capital Roman numbers, as far as they are short",
     "<ol type=I><li value=399>a<li>b<li value=0>c</ol>", "CCCXCIX. a\n400. b\n0. c\n"},
    {"a list in a list", "<ul><li>a<ul><li>b</ul><li>c</ul>", "- a\n  - b\n- c\n"},
    {"a list in a numbered list", "<ol start=10><li>a<ul><li>b</li></ul>c</li></ol>",
     "10. a\n    - b\n    c\n"},
    {"the second line of an item is indented", "<ul><li>a<br>b</li></ul>", "- a\n  b\n"},
    {"items with paragraphs", "<ul><li><p>a</p><p>b</p></li><li><p>c</p></li></ul>",
     "- a\n\n  b\n\n- c\n"},
    {"an empty item is dropped and counted", "<ol><li>a<li> <li>b</ol>", "1. a\n3. b\n"},
    {"a list directly in an item", "<ul><li><ul><li>a</ul></ul>", "- - a\n"},
    {"a quote in an item", "<ul><li><blockquote>a<br>b</blockquote></ul>", "- > a\n  > b\n"},
    {"pre in an item", "<ul><li><pre>a\n b</pre></ul>", "- a\n   b\n"},
    {"an item without a list", "<li>a<li>b", "- a\n- b\n"},
    {"a list without bullets", "<ul style='list-style-type:none'><li>a<li>b</ul>", "a\nb\n"},
    {"a hidden item does not count", "<ol><li>a<li hidden>b<li>c</ol>", "1. a\n2. c\n"},
    {"a list in a quote", "<blockquote>x<ul><li>a<br>b</ul></blockquote>",
     "> x\n>\n> - a\n>   b\n"},
    {"the depth that is shown ends",
     "<ul><li>1<ul><li>2<ul><li>3<ul><li>4<ul><li>5<ul><li>6<ul><li>7<ul><li>8</ul></ul></ul></ul>"
     "</ul></ul></ul></ul>",
     "- 1\n  - 2\n    - 3\n      - 4\n        - 5\n          - 6\n            - 7\n            - "
     "8\n"},
};

static const struct html_row link_rows[] = {
    {"a link", "See <a href='https://example.org/x'>the page</a>.",
     "See the page <https://example.org/x>.\n"},
    {"a link that is its own text", "<a href='https://example.org/x'>https://example.org/x</a>",
     "https://example.org/x\n"},
    {"a link without its scheme is its own text", "<a href='https://Example.org/'>example.org</a>",
     "example.org\n"},
    {"a path in another case is another path", "<a href='https://e.org/A'>e.org/a</a>",
     "e.org/a <https://e.org/A>\n"},
    {"a parameter named like a reference", "<a href='https://e.org/?a=1&copy=2&amp;b=3&lt=4'>x</a>",
     "x <https://e.org/?a=1&copy=2&b=3&lt=4>\n"},
    {"an address", "<a href='mailto:a@example.org'>Write</a>", "Write <a@example.org>\n"},
    {"an address that is its own text", "<a href='mailto:a@example.org'>a@example.org</a>",
     "a@example.org\n"},
    {"an address with a subject", "<a href='mailto:u@e.org?subject=stop'>unsubscribe</a>",
     "unsubscribe <mailto:u@e.org?subject=stop>\n"},
    {"a telephone number", "<a href='tel:+4989123'>+49 (89) 123</a> <a href='tel:1'>call</a>",
     "+49 (89) 123 call <tel:1>\n"},
    {"fragments lead nowhere", "<a href='#top'>top</a> <a name=x>y</a> <a href=''>z</a>",
     "top y z\n"},
    {"relative references lead nowhere", "<a href='/x'>a</a> <a href='x.html'>b</a>", "a b\n"},
    {"no scripts, data or parts",
     "<a href='javascript:alert(1)'>a</a> <a href='data:text/html,x'>b</a> <a href='cid:1'>c</a> "
     "<a href=' JaVa\nScript:x'>d</a> <a href='&#106;avascript:x'>e</a> <a href='vbscript:x'>f</a>",
     "a b c d e f\n"},
    {"a URL without a host", "<a href='http://'>a</a> <a href='https:'>b</a>", "a b\n"},
    {"a scheme of an application", "<a href='myapp://open/1'>open</a>", "open <myapp://open/1>\n"},
    {"white space in a target", "<a href=' https://e.org/a b\n/c\t'>x</a>",
     "x <https://e.org/a%20b/c>\n"},
    {"brackets in a target", "<a href='https://e.org/<&gt;\">x'>x</a>",
     "x <https://e.org/%3C%3E%22%3Ex>\n"},
    {"characters in a target that are not seen", "<a href='https://e.org/\u202e\u200bä'>x</a>",
     "x <https://e.org/%E2%80%AE%E2%80%8Bä>\n"},
    {"a link around blocks", "<a href='https://e.org/'><h2>T</h2><p>text</p></a>after",
     "T\n\ntext <https://e.org/>\n\nafter\n"},
    {"a link in a link", "<a href='https://a.org/'>a<a href='https://b.org/'>b</a>",
     "a <https://a.org/> b <https://b.org/>\n"},
    {"a link that is never closed", "<div><a href='https://a.org/'>a</div><p>b",
     "a <https://a.org/>\n\nb\n"},
    {"a link without text", "a<a href='https://a.org/'></a>b<a href='https://a.org/'> </a>",
     "ab\n"},
    {"links side by side", "<a href=https://a.org/>a</a><a href=https://b.org/>b</a>",
     "a <https://a.org/> b <https://b.org/>\n"},
    {"a link in an item that is its own text",
     "<ul><li><a href='https://e.org/'>https://e.org/</a></ul>", "- https://e.org/\n"},
    {"white space in a link", "a<a href='https://e.org/'> b </a>c", "a b <https://e.org/> c\n"},
};

static const struct html_row image_rows[] = {
    {"a picture is its text", "<img src='x.png' alt='Our logo'>", "Our logo\n"},
    {"a picture without text", "a<img src=x.png><img src=y alt=''> b", "a b\n"},
    {"references in the text", "<img alt='A &amp; B&nbsp;&copy=1'>", "A & B &copy=1\n"},
    {"the text is a word of its own", "<img alt=Logo><b>Acme</b>", "Logo Acme\n"},
    {"a picture among punctuation", "Hi<img alt='😀'>!", "Hi😀!\n"},
    {"a tracking pixel", "a<img src=t.gif alt='pixel' width=1 height='1px'>b", "ab\n"},
    {"a narrow picture is no pixel", "<img alt='line' width=1 height=40>", "line\n"},
    {"a picture is a link", "<a href='https://e.org/'><img alt='Shop'></a>",
     "Shop <https://e.org/>\n"},
    {"a picture without text is a link", "<a href='https://e.org/'><img src=x></a> a",
     "https://e.org/ a\n"},
    {"a picture with empty text is no link", "<a href='https://e.org/'><img src=x alt=''></a> a",
     "a\n"},
    {"a pixel is no link", "<a href='https://e.org/'><img width=1 height=1></a>a", "a\n"},
    {"a picture in text of no size", "<td style='font-size:0'><img alt='Hero'>hidden</td>",
     "Hero\n"},
    {"pictures in text of no size, on lines", "<td style='font-size:0'><img alt=a><br><img alt=b>",
     "a\nb\n"},
    {"an image map", "<map><area href='https://a.org/' alt='A'><area href=x alt=B></map>",
     "A <https://a.org/>\nB\n"},
};

static const struct html_row table_rows[] = {
    {"cells are parted, rows are lines",
     "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>", "a | b\nc | d\n"},
    {"cells and rows without end tags", "<table><tr><td>a<td>b<tr><td>c<td>d</table>e",
     "a | b\nc | d\n\ne\n"},
    {"cells without rows", "<table><td>a<td>b</table>", "a | b\n"},
    {"a label and its value", "<table><tr><td>Total:</td><td>5</td></tr></table>", "Total: 5\n"},
    {"a label with a full-width colon", "<table><tr><td>合計：<td>５円</table>", "合計：５円\n"},
    {"a colon in a cell of its own", "<table><tr><td>Name<td>:<td>Ada</table>", "Name: Ada\n"},
    {"a table with a border holds data",
     "<table border=1><tr><td>A<td>B<td>C<tr><td>1<br>2<td><td>3</table>",
     "A | B | C\n1 2 | | 3\n"},
    {"a table without a border need not", "<table border=0><tr><td>1<br>2<td><td>3</table>",
     "1\n2\n3\n"},
    {"a number in a table of data", "<table><tr><th>Place<th>Crew<tr><td>1.<td>A</table>",
     "Place | Crew\n1. | A\n"},
    {"a bullet in a cell", "<table><tr><td>&bull;</td><td>a</td></tr><tr><td>1.<td>b</table>",
     "• a\n1. b\n"},
    {"cells that hold one paragraph each",
     "<table><tr><td><p>a</p></td><td><div>b</div></td></tr></table>", "a | b\n"},
    {"cells of several lines stand alone", "<table><tr><td>a<br>b</td><td>c<br>d</td></tr></table>",
     "a\nb\n\nc\nd\n"},
    {"a cell of several lines before short ones",
     "<table><tr><td>a<br>b</td><td>2</td><td>3</td></tr></table>", "a\nb\n2 | 3\n"},
    {"long texts side by side stand alone",
     "<table><tr><td>One text that is long enough to be read by itself and that would not be "
     "understood if another one followed on the same line.</td><td>Two.</td></tr></table>",
     "One text that is long enough to be read by itself and that would not be understood if "
     "another one followed on the same line.\nTwo.\n"},
    {"empty cells of a layout vanish",
     "<table><tr><td>&nbsp;</td><td>a</td><td></td><td>b</td></tr></table>", "a | b\n"},
    {"rows of a layout are paragraphs", "<table><tr><td>a</td></tr><tr><td>b</td></tr></table>",
     "a\n\nb\n"},
    {"a table of data", "<table><tr><th>Item<th>Price<tr><td>Tea<td>3<tr><td>Milk<td>1</table>",
     "Item | Price\nTea | 3\nMilk | 1\n"},
    {"empty cells of data keep their place",
     "<table><tr><th></th><th>A</th><th>B</th></tr><tr><td>x</td><td></td><td>2</td></tr></table>",
     "| A | B\nx | | 2\n"},
    {"cells of data are one line",
     "<table><tr><th>Unit<br>price</th><th>N</th></tr><tr><td><p>Tea</p></td><td>green<br>loose"
     "</td></tr></table>",
     "Unit price | N\nTea | green loose\n"},
    {"a row of data with one cell",
     "<table><tr><th>A<th>B<tr><td colspan=2>Food<tr><td>x<td>y</table>", "A | B\nFood\nx | y\n"},
    {"head, body and foot",
     "<table><thead><tr><td>A<td>B<tbody><tr><td>1<td>2<tfoot><tr><td>3<td>4</table>",
     "A | B\n1 | 2\n3 | 4\n"},
    {"a caption", "x<table><caption>Prices</caption><tr><td>a<td>1</table>",
     "x\n\nPrices\na | 1\n"},
    {"a head cell in a layout",
     "<table role=presentation><tr><th></th><th>a<br>b</th><th></th></tr></table>", "a\nb\n"},
    {"a head cell that holds the page",
     "<table><tr><th><h1>T</h1><p>a</p><p>b</p></th><th></th></tr></table>", "T\n\na\n\nb\n"},
    {"a table of one cell in text", "a<table><tr><td>b</td></tr></table>c", "a\n\nb\n\nc\n"},
    {"a table in a cell", "<table><tr><td>a<td><table><tr><td>b<td>c</table><tr><td>d</table>",
     "a | b | c\n\nd\n"},
    {"a table around each row",
     "<table><tr><td><table><tr><td>a<td>1</table><tr><td><table><tr><td>b<td>2</table></table>",
     "a | 1\nb | 2\n"},
    {"a row of several lines in a cell",
     "<table><tr><td>x<td><table><tr><td>a<tr><td>b</table>"
     "</table>",
     "x\n\na\n\nb\n"},
    {"a list in a cell", "<table><tr><td>x:<td><ul><li>a</ul></table>", "x:\n\n- a\n"},
    {"a table in an item", "<ul><li><table><tr><td>a<td>b<tr><td>c<td>d</table><li>e</ul>",
     "- a | b\n  c | d\n\n- e\n"},
    {"a table in a quote", "<blockquote><table><tr><td>a<td>b</table></blockquote>", "> a | b\n"},
    {"links in cells",
     "<table><tr><td><a href=https://a.org/>A</a><td><a href=https://b.org/>B"
     "</a></table>",
     "A <https://a.org/> | B <https://b.org/>\n"},
    {"a link is not carried into the next cell",
     "<table><tr><td><a href=https://a.org/>A<td>B</table>", "A <https://a.org/> | B\n"},
    {"a link around a table", "<a href=https://a.org/><table><tr><td>A<td>B</table></a>C",
     "A | B <https://a.org/>\nC\n"},
    {"a cell without a table", "a<td>b</td>c", "a\nb\nc\n"},
    {"text between rows", "<table>a<tr>b<td>c<td>d</table>", "a\n\nb\nc | d\n"},
    {"an end tag does not leave its cell", "<div><table><tr><td>a</div><td>b</table>c</div>d",
     "a | b\nc\nd\n"},
    {"a hidden cell", "<table><tr><td>a<td style='display:none'>b<td>c</table>", "a | c\n"},
    {"a hidden table in a cell",
     "<table><tr><td><div hidden><table><tr><td>x</table></div>a<td>b</table>", "a | b\n"},
};

/* What is not seen, and what is no markup. */
static const struct html_row hidden_rows[] = {
    {"style, script and title",
     "<title>t</title><style>p{a:b}</style><script>if(a<b)x=\"</p>\"</script>x", "x\n"},
    {"the head's text is not shown, an open head does not hide the body",
     "<html><head><meta charset=utf-8><title>T</title><body>x", "x\n"},
    {"raw content ends at its own tag only",
     "<script>a</scriptx></style></script >b<STYLE>c</Style>d", "bd\n"},
    {"raw content that never ends", "a<style>b<p>c", "a\n"},
    {"a frame, a template and a drawing",
     "a<iframe><p>b</iframe><template><p>c</p></template><svg><text>d</text></svg>e", "ae\n"},
    {"what stands for scripts, objects and films is shown",
     "<noscript>a</noscript> <object>b</object> <video>c</video>", "a b c\n"},
    {"comments", "a<!-- b > c -->d<!-->e<!--->f<!-- g --!>h", "adefh\n"},
    {"a comment that never ends", "a<!-- b <p>c --", "a\n"},
    {"conditional comments for Outlook",
     "<!--[if mso]><table><tr><td>b</td></tr></table><![endif]-->a<!--[if (gte mso 9)|(IE)]>c"
     "<![endif]-->",
     "a\n"},
    {"conditions that others do not see",
     "<![if !mso]>a<![endif]><!--[if !mso]><!-->b<!--"
     "<![endif]-->",
     "ab\n"},
    {"document types and instructions",
     "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0\"><?xml version='1.0'?>a", "a\n"},
    {"a CDATA section is a comment to HTML", "a<![CDATA[b]]>c", "ac\n"},
    {"display:none", "<div style='color:red; DISPLAY : None !important'>a<div>b</div>c</div>d",
     "d\n"},
    {"other displays", "<div style='display:block'>a</div><b style='display:nonesuch'>b</b>",
     "a\nb\n"},
    {"the attribute hidden", "<p hidden>a<p>b<span hidden=''>c<span>d</span></span>e", "be\n"},
    {"hidden by visibility, shown again inside",
     "<div style='visibility:hidden'>a<b style='visibility:visible'>b</b>c</div>d", "b\nd\n"},
    {"text of no size", "a<span style='font-size:0px;'>b</span><i style='font-size:.0em'>c</i>d",
     "ad\n"},
    {"an invisible list, rule, quotation and picture",
     "<div style='visibility:hidden'><ul><li>a</ul><hr><q>b</q><br></br><img alt=c></div>", ""},
    {"text of no size, with a size inside",
     "<div style='font-size:0'>a<div style='font-size:13px'>b</div><i style='font-size:100%'>c</i>"
     "</div>",
     "b\n"},
    {"small text", "<span style='font-size:0.8em'>a</span><i style='font-size:1px'>b</i>", "ab\n"},
    {"no height and clipped", "<div style='max-height:0px;overflow:hidden'>a</div>b", "b\n"},
    {"no height alone", "<div style='max-height:0'>a</div>b", "a\nb\n"},
    {"no opacity", "<p style='opacity:0.0'>a</p><p style='opacity:0.5'>b</p>", "b\n"},
    {"hidden from Outlook only",
     "<!--[if mso]><v:rect>Go</v:rect><![endif]--><a href=https://e.org/ style='mso-hide:all'>Go"
     "</a>",
     "Go <https://e.org/>\n"},
    {"hidden from readers of the screen only", "<span aria-hidden=true>a</span>", "a\n"},
    {"a hidden element ends with what holds it",
     "<div><span style='display:none'>a</div>b<p style='display:none'>c<p>d", "b\n\nd\n"},
    {"a hidden element of an unknown name", "<x-y hidden>a<x-z></x-z>b</X-Y>c", "c\n"},
    {"a hidden element without content", "a<o:p hidden/>b", "ab\n"},
    {"hidden void elements hide nothing else",
     "a<br hidden>b<img alt=x style='display:none'>c<input hidden>d", "abcd\n"},
    {"unknown elements are transparent", "<center><o:p>a</o:p><font>b</font></center>", "ab\n"},
    {"an attribute in any spelling",
     "<A\nHREF = https://a.org/ TITLE=\"x > y\" x='<p>'>a</A\n><img/alt='b'/>",
     "a <https://a.org/> b\n"},
    {"the first of two attributes counts", "<img alt=a alt=b>", "a\n"},
    {"a value that is never closed", "a<img alt='b>c", "a\n"},
    {"a tag that is cut off", "a<p class", "a\n"},
    {"an end tag that is cut off", "a</p", "a\n"},
    {"no markup", "1 < 2 <3 a<>b </> 5<=6 <", "1 < 2 <3 a<>b 5<=6 <\n"},
    {"an end tag without a name is a comment", "a</ b>c</3>d", "acd\n"},
    {"misnested tags", "<b><i>a</b>b</i><div><span>c</div>d</span></p></table></li>", "ab\nc\nd\n"},
    {"only end tags", "</div></p></td></tr></table></ul></a></blockquote></pre></q>", ""},
};

static int convert(const mailsub_allocator *allocator, mailsub__slice html,
                   mailsub__buffer *out_text)
{
    mailsub__buffer_init(out_text, allocator, 1u << 30);
    return mailsub__html_text(html, out_text);
}

static void assert_rules(mailsub__slice html, mailsub__slice text)
{
    const char *broken = html_text_broken_rule(html, text);
    if (broken)
        fail_msg("%s", broken);
}

/* However much of the end is missing, the rules hold. ASan sees a read behind each end. */
static void check_beginnings(mailsub__slice html)
{
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    for (size_t len = 0; len < html.len; len++) {
        char *exact = malloc(len > 0 ? len : 1);
        assert_non_null(exact);
        memcpy(exact, html.ptr, len);
        mailsub__slice beginning = mailsub__slice_of(exact, len);
        mailsub__buffer text;
        int rc = convert(&allocator, beginning, &text);
        assert_int_equal(rc, mailsub__utf8_is_valid(beginning) ? MAILSUB_OK : MAILSUB_E_UTF8);
        assert_rules(beginning, mailsub__buffer_slice(&text));
        mailsub__buffer_deinit(&text);
        free(exact);
    }
    assert_int_equal(heap.n_live, 0);
}

/* Whatever allocation fails, what was there stays and nothing is left behind. */
static void check_failures(mailsub__slice html, size_t n_requests)
{
    for (size_t n = 1; n <= n_requests; n++) {
        struct unit_heap heap = {0};
        mailsub_allocator allocator = unit_allocator(&heap);
        mailsub__buffer text;
        mailsub__buffer_init(&text, &allocator, 1u << 30);
        mailsub__buffer_append_str(&text, "before");
        heap.fail_at = heap.n_requests + n;
        int rc = mailsub__html_text(html, &text);
        if (heap.n_requests >= heap.fail_at) {
            assert_int_equal(rc, MAILSUB_E_NOMEM);
            assert_int_equal(text.len, 6);
        }
        mailsub__buffer_deinit(&text);
        assert_int_equal(heap.n_live, 0);
    }
}

static void check_text(mailsub__slice html, const char *want)
{
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer text;
    assert_int_equal(convert(&allocator, html, &text), MAILSUB_OK);
    size_t n_requests = heap.n_requests;
    assert_string_equal(mailsub__buffer_str(&text), want);
    assert_rules(html, mailsub__buffer_slice(&text));

    /* It is appended, and refused as a whole when it does not fit. */
    size_t len = text.len;
    mailsub__buffer_reset(&text);
    text.max = len + 5;
    mailsub__buffer_append_str(&text, "abcde");
    assert_int_equal(mailsub__html_text(html, &text), MAILSUB_OK);
    assert_int_equal(text.len, len + 5);
    if (len > 0) {
        mailsub__buffer_truncate(&text, 5);
        text.max--;
        assert_int_equal(mailsub__html_text(html, &text), MAILSUB_E_LIMIT);
        assert_string_equal(mailsub__buffer_str(&text), "abcde");
    }
    mailsub__buffer_deinit(&text);
    assert_int_equal(heap.n_live, 0);
    check_failures(html, n_requests);
}

static void converts(void **state)
{
    const struct html_row *row = *state;
    check_text(mailsub__slice_str(row->html), row->text);
    check_beginnings(mailsub__slice_str(row->html));
}

/* Whole mails: data/html/NAME.html becomes data/html/NAME.txt. */
struct sample_row {
    const char *name;
};

static const struct sample_row sample_rows[] = {
    {"receipt-en"},    {"reset-en"}, {"reset-de"},  {"newsletter-de"},
    {"newsletter-en"}, {"order-ar"}, {"notice-ja"},
};

static void load(const char *name, const char *ending, mailsub__buffer *out)
{
    const char *folder = getenv("MAILSUB_TEST_DATA");
    assert_non_null(folder);
    char path[1000];
    int len = snprintf(path, sizeof path, "%s/html/%s.%s", folder, name, ending);
    assert_true(len > 0 && (size_t)len < sizeof path);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot open %s", path);
    char block[4096];
    for (size_t n; (n = fread(block, 1, sizeof block, file)) > 0;)
        assert_int_equal(mailsub__buffer_append(out, block, n), MAILSUB_OK);
    fclose(file);
}

static void converts_sample(void **state)
{
    const struct sample_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer html;
    mailsub__buffer want;
    mailsub__buffer_init(&html, &allocator, 1u << 20);
    mailsub__buffer_init(&want, &allocator, 1u << 20);
    load(row->name, "html", &html);
    load(row->name, "txt", &want);
    check_text(mailsub__buffer_slice(&html), mailsub__buffer_str(&want));
    mailsub__buffer_deinit(&html);
    mailsub__buffer_deinit(&want);
}

static void invalid_utf8_is_refused(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer text;
    mailsub__slice html = mailsub__slice_str("<p>a\xe4");
    assert_int_equal(convert(&allocator, html, &text), MAILSUB_E_UTF8);
    assert_int_equal(text.len, 0);
    assert_int_equal(heap.n_requests, 0);
}

static void an_earlier_error_stays(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer text;
    mailsub__buffer_init(&text, &allocator, 3);
    mailsub__buffer_append_str(&text, "abc");
    assert_int_equal(mailsub__buffer_append_str(&text, "d"), MAILSUB_E_LIMIT);
    assert_int_equal(mailsub__html_text(MAILSUB__SLICE_EMPTY, &text), MAILSUB_E_LIMIT);
    assert_int_equal(text.error, MAILSUB_E_LIMIT);
    assert_string_equal(mailsub__buffer_str(&text), "abc");
    mailsub__buffer_deinit(&text);
}

int main(void)
{
    static struct CMUnitTest tests[400] = {
        cmocka_unit_test(invalid_utf8_is_refused),
        cmocka_unit_test(an_earlier_error_stays),
    };
    size_t n_tests = 2;
    UNIT_ADD_ROWS(tests, n_tests, text_rows, converts);
    UNIT_ADD_ROWS(tests, n_tests, reference_rows, converts);
    UNIT_ADD_ROWS(tests, n_tests, block_rows, converts);
    UNIT_ADD_ROWS(tests, n_tests, list_rows, converts);
    UNIT_ADD_ROWS(tests, n_tests, link_rows, converts);
    UNIT_ADD_ROWS(tests, n_tests, image_rows, converts);
    UNIT_ADD_ROWS(tests, n_tests, table_rows, converts);
    UNIT_ADD_ROWS(tests, n_tests, hidden_rows, converts);
    UNIT_ADD_ROWS(tests, n_tests, sample_rows, converts_sample);
    return UNIT_RUN(tests, n_tests);
}
