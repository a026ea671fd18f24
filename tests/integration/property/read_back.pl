#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
# read_back.pl: reads what property.c hands out, parses each message with MIME-tools and prints a
# line for each that is not what was asked. Header fields are decoded by Encode.
use strict;
use warnings;
no warnings qw(utf8 nonchar); # any character may come

use Encode ();
use JSON::PP ();
use MIME::Parser;

binmode STDIN;
binmode STDOUT, ':utf8';
my $parser = MIME::Parser->new;
$parser->output_to_core(1);
$parser->tmp_to_core(1);
my $number = 0;
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

sub decoded {
    my ($value) = @_;
    return $value unless defined $value;
    chomp $value;
    $value =~ s/\r?\n(?=[ \t])//g;
    return Encode::decode('MIME-Header', $value);
}

sub unified {
    my ($text) = @_;
    $text =~ s/\r\n?/\n/g;
    return $text;
}

# MIME-tools keeps no line end of its own: a text has one at its end.
sub check_text {
    my ($part, $type, $want) = @_;
    same('type', $part->effective_type, $type);
    my $body = $part->bodyhandle;
    my $found = $body ? unified(Encode::decode('utf8', $body->as_string, Encode::FB_CROAK)) : '';
    $want = unified($want);
    $want .= "\n" if $want ne '' && $want !~ /\n\z/;
    same($type, $found, $want);
}

sub check_texts {
    my ($part, $asked) = @_;
    my @texts = grep { defined $asked->{$_} } qw(plain html);
    @texts = 'plain' unless @texts;
    my @parts = $part;
    if (@texts == 2) {
        same('structure', $part->effective_type, 'multipart/alternative');
        @parts = $part->parts;
    }
    same('number of texts', scalar @parts, scalar @texts);
    for my $i (0 .. $#texts) {
        check_text($parts[$i], "text/$texts[$i]", $asked->{$texts[$i]} // '') if $parts[$i];
    }
}

sub check_file {
    my ($part, $name, $type, $hex) = @_;
    same('type', $part->effective_type, lc($type // 'application/octet-stream'));
    my $found = $part->head->mime_attr('content-disposition.filename');
    # MIME-tools makes one encoded word of what came by RFC 2231.
    $found = decoded($found) if defined $found && $found =~ /\A=\?UTF-8\?Q\?.*\?=\z/s;
    same('file name', $found, $name);
    my $content = $part->bodyhandle ? $part->bodyhandle->as_string : '';
    same('content', unpack('H*', $content), $hex);
}

sub check_structure {
    my ($entity, $asked) = @_;
    my @files = @{$asked->{files}};
    my $has_text = defined $asked->{plain} || defined $asked->{html};
    return check_texts($entity, $asked) unless @files;
    my @parts = $entity;
    if (@files > 1 || $has_text) {
        same('structure', $entity->effective_type, 'multipart/mixed');
        @parts = $entity->parts;
    }
    check_texts(shift @parts, $asked) if $has_text && @parts;
    same('number of attachments', scalar @parts, scalar @files);
    for my $i (0 .. $#files) {
        check_file($parts[$i], @{$files[$i]}) if $parts[$i];
    }
}

# Addresses as they are written, in their order.
sub check_addresses {
    my ($head, $field, $want) = @_;
    my $value = $head->get($field) // '';
    same("number of $field", $head->count($field) // 0, @$want ? 1 : 0);
    $value =~ s/\r?\n(?=[ \t])//g;
    my $at = 0;
    for my $mailbox (@$want) {
        my $found = index $value, $mailbox->[1], $at;
        check($found >= 0, "$field:", $mailbox->[1], 'is not in', $value);
        $at = $found + length $mailbox->[1];
    }
}

sub check_message {
    my ($asked, $octets) = @_;
    my $entity = $parser->parse_data($octets);
    my $head = $entity->head;
    check_addresses($head, $_, $asked->{$_}) for 'From', 'Sender', 'Reply-To', 'To', 'Cc';
    check(!$head->count('Bcc'), 'a Bcc field');
    same('Subject', decoded($head->get('Subject')), $asked->{subject});
    same($_->[0], decoded($head->get($_->[0])), $_->[1]) for @{$asked->{headers}};
    check_structure($entity, $asked);
}

while (my $line = <STDIN>) {
    my ($json_len, $message_len) = split ' ', $line;
    read(STDIN, my $json, $json_len) == $json_len or die "cut short\n";
    read(STDIN, my $octets, $message_len) == $message_len or die "cut short\n";
    $number++;
    undef $problem;
    eval { check_message(JSON::PP::decode_json($json), $octets); 1 }
        or $problem //= "Perl cannot read it: $@";
    next unless defined $problem;
    $problem =~ s/\s+/ /g;
    print "message $number: $problem\n";
}
