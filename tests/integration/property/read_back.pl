#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
# read_back.pl: reads what property.c hands out, parses each message with MIME-tools and prints a
# line for each that is not what was asked. Header fields are decoded by Encode.
use strict;
use warnings;
no warnings qw(utf8 nonchar recursion); # any character may come

use Encode ();
use JSON::PP ();
use MIME::Parser;

binmode STDIN;
binmode STDOUT, ':utf8';
my $parser = MIME::Parser->new;
$parser->output_to_core(1);
$parser->tmp_to_core(1);
my $json_reader = eval { require JSON::XS; JSON::XS->new->utf8 } || JSON::PP->new->utf8;
my $problem;

sub check {
    my ($right, @what) = @_;
    $problem //= join ' ', map { $_ // 'nothing' } @what unless $right;
}

# Encode takes no code points that are no characters.
sub same {
    my ($what, $found, $want) = @_;
    s/\p{Noncharacter_Code_Point}/\x{FFFD}/g for grep { defined } $found, $want;
    my $right = defined $found == defined $want && (!defined $want || $found eq $want);
    check($right, "$what: Perl reads", $found, 'not', $want);
}

sub unfolded {
    my ($value) = @_;
    return $value unless defined $value;
    chomp $value;
    $value =~ s/\r?\n(?=[ \t])//g;
    return $value;
}

sub decoded {
    my ($value) = @_;
    return defined $value ? Encode::decode('MIME-Header', unfolded($value)) : undef;
}

sub unified {
    my ($text) = @_;
    $text =~ s/\r\n?/\n/g;
    return $text;
}

# A text has a line end at its end; MIME-tools keeps none of its own.
sub lines_of {
    my ($text) = @_;
    $text = unified($text);
    $text .= "\n" if $text ne '' && $text !~ /\n\z/;
    return $text;
}

# What is read of a flowed text: no spaces at the ends of lines, nor one behind the marks.
sub as_paragraphs {
    my ($text) = @_;
    my $out = '';
    for my $line (split /(?<=\n)/, lines_of($text)) {
        my ($marks, $content) = $line =~ /\A(>*)(.*)\n\z/s;
        $content =~ s/\A // if $marks ne '';
        $content =~ s/ +\z// if $content ne '-- ';
        $out .= "$marks$content\n";
    }
    return $out;
}

# Undo format=flowed (RFC 3676): each paragraph on a line, behind its marks.
sub unflowed {
    my ($text) = @_;
    my ($out, $flows) = ('', 0);
    for my $line (split /(?<=\n)/, $text) {
        my ($marks, $content) = $line =~ /\A(>*) ?(.*)\n\z/s;
        $out .= ($flows ? '' : $marks) . $content;
        $flows = $content =~ / \z/ && $content ne '-- ';
        $out .= "\n" unless $flows;
    }
    return $out;
}

sub check_content {
    my ($part, $node) = @_;
    my $content = $part->bodyhandle ? $part->bodyhandle->as_string : '';
    if ($node->{kind} eq 'octets') {
        my ($found, $want) = (unpack('H*', $content), $node->{content});
        # MIME-tools takes a CR at the end of binary content for a part of the delimiter.
        s/(?:0d)+\z// for $found, $want;
        return same('content', $found, $want);
    }
    my $found = unified(Encode::decode('utf8', $content, Encode::FB_CROAK));
    my $want = $node->{content};
    return check($found ne '', 'nothing was made of the HTML') unless defined $want;
    return same('paragraphs', unflowed(lines_of($found)), as_paragraphs($want))
        if $node->{kind} eq 'flowed';
    same($node->{type}, $found, lines_of($want));
}

sub check_part_header {
    my ($part, $node) = @_;
    my $head = $part->head;
    same('type', $part->effective_type, $node->{type});
    for my $name (keys %{$node->{params}}) {
        next if $node->{params}{$name} =~ /"/; # MIME-tools keeps the backslash in front of it
        same($name, $head->mime_attr("content-type.$name"), $node->{params}{$name});
    }
    same('disposition', $head->mime_attr('content-disposition') || undef, $node->{disposition});
    my $name = $head->mime_attr('content-disposition.filename');
    # MIME-tools makes one encoded word of what came by RFC 2231.
    $name = decoded($name) if defined $name && $name =~ /\A=\?UTF-8\?Q\?.*\?=\z/s;
    # ... and keeps backslashes.
    $name =~ s/\\(.)/$1/g if defined $name && defined $node->{name} && $node->{name} =~ /["\\]/;
    same('file name', $name, $node->{name});
    my $id = unfolded($head->get('Content-ID'));
    if (!defined $node->{id} || $node->{id} ne '') {
        same('Content-ID', $id, defined $node->{id} ? "<$node->{id}>" : undef);
    } else {
        check(defined $id && $id =~ /\A<[^<>\@ ]+\@[^<>\@ ]+>\z/, 'Content-ID', $id);
    }
}

sub check_node {
    my ($part, $node) = @_;
    check_part_header($part, $node);
    my @kids = @{$node->{kids}};
    return check_content($part, $node) unless @kids;
    my @parts = $part->parts;
    same("number of parts of $node->{type}", scalar @parts, scalar @kids);
    for my $i (0 .. $#kids) {
        next unless $parts[$i];
        if ($node->{type} eq 'message/rfc822') {
            check_content($parts[$i], $kids[$i]);
        } else {
            check_node($parts[$i], $kids[$i]);
        }
    }
}

# Addresses as they are written, in their order.
sub check_addresses {
    my ($head, $field, $items) = @_;
    my $value = Encode::decode('utf8', unfolded($head->get($field)) // '');
    same("number of $field", $head->count($field) // 0, @$items ? 1 : 0);
    my $at = 0;
    for my $item (grep { $_->[0] eq 'mailbox' } @$items) {
        my $found = index $value, $item->[2], $at;
        check($found >= 0, "$field:", $item->[2], 'is not in', $value);
        $at = $found + length $item->[2];
    }
}

sub check_header {
    my ($head, $name, $value, $kind) = @_;
    my $found = $head->get($name);
    same("number of $name", $head->count($name) // 0, 1);
    same($name, decoded($found), $value) if $kind eq 'text';
    same($name, unfolded($found), $value) if $kind eq 'raw';
    if ($kind eq 'phrases') {
        my @phrases = unfolded($found) =~ /((?:"(?:[^"\\]|\\.)*"|[^",])+)/g;
        s/\A\s*"?|"?\s*\z//g for @phrases;
        same($name, join("\n", map { decoded($_) } @phrases), $value);
    } elsif ($kind eq 'list-id') {
        my ($phrase, $id) = unfolded($found) =~ /\A(.*?)\s*(<[^<>]*>)\z/s;
        same($name, decoded($phrase // '') =~ s/\A"(.*)"\z/$1/sr . "\n" . ($id // ''), $value);
    } elsif ($kind eq 'chain') {
        my ($first, @last) = split ' ', unfolded($found);
        check(index($value, $first) == 0, $name, $found);
        my $end = join ' ', @last;
        check(substr($value, length($value) - length $end) eq $end, $name, $found);
    }
}

sub check_message {
    my ($asked, $octets) = @_;
    my $entity = $parser->parse_data($octets);
    my $head = $entity->head;
    check_addresses($head, $_, $asked->{$_}) for 'From', 'Sender', 'Reply-To', 'To', 'Cc';
    check(!$head->count('Bcc') && !$head->count('Return-Path'), 'a field that is never sent');
    same('Subject', decoded($head->get('Subject')), $asked->{subject});
    check_header($head, @$_) for @{$asked->{headers}};
    my $id = unfolded($head->get('Message-ID')) // '';
    same('Message-ID', $id, $asked->{id} // $id);
    check($id =~ /\A<[^<>\@ ]+\@[^<>\@ ]+>\z/, 'Message-ID', $id);
    check_node($entity, $asked->{tree});
}

while (my $line = <STDIN>) {
    my ($json_len, $message_len) = split ' ', $line;
    read(STDIN, my $json, $json_len) == $json_len or die "cut short\n";
    read(STDIN, my $octets, $message_len) == $message_len or die "cut short\n";
    undef $problem;
    my $asked = $json_reader->decode($json);
    eval { check_message($asked, $octets); 1 } or $problem //= "Perl cannot read it: $@";
    next unless defined $problem;
    $problem =~ s/\s+/ /g;
    print "request $asked->{number}: $problem\n";
}
