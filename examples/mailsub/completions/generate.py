#!/usr/bin/python3 -B
# SPDX-License-Identifier: 0BSD
"""generate.py TABLE OUTPUT...: write the completions of mailsub(1), of what its table of options says.

TABLE is options.h; the name of an output tells for which shell it is: a shell finds a completion by
its name. tests/checks/options reads the table by the same functions.
"""
import os
import re
import sys

STRING = r'"((?:\\.|[^"\\])*)"'
ROW = re.compile(rf"X\((\w+), (0|'.'),\s*{STRING},\s*(?:NULL|{STRING}),\s*([A-Z_| ]+),"
                 rf"\s*\w+,\s*([A-Z_0-9| ]+),\s*\w+,\s*{STRING}\)")
# Whose values are names of files.
FILES = re.compile(r"FILE|METHOD:FILE")
WORDS = {"class": "transactional notification bulk", "dsn-return": "full headers",
         "policy": "default strict bulk none", "when-limited": "fail wait part",
         "tls": "implicit starttls opportunistic", "min-tls": "1.2 1.3"}


class Option:
    def __init__(self, row, sets):
        _, letter, self.name, argument, commands, flags, text = row
        self.letter = "" if letter == "0" else letter[1]
        self.argument = argument.replace('\\"', '"')
        self.help = text.replace('\\"', '"')
        self.commands = set().union(*(sets[word] for word in re.findall(r"ON_\w+", commands)))
        self.is_setting = "OPT_FILE" in flags
        self.is_file = bool(FILES.match(self.argument))


def read_table(path):
    """The commands, in their order, the options, and how many rows the table has."""
    with open(path, encoding="utf-8") as file:
        text = file.read().replace("\\\n", "\n")
    sets = {name: {name} for name in re.findall(r"(ON_\w+) = 1 <<", text)}
    commands = [name for name in sets if name != "ON_SENDMAIL"]
    for name, value in re.findall(r"(ON_\w+) = (ON_[^,\n]+)", text):
        sets[name] = set().union(*(sets[word.strip()] for word in value.split("|")))
    options = [Option(row, sets) for row in ROW.findall(text)]
    n_rows = len(re.findall(r"^    X\(", text, re.M))
    return commands, options, n_rows


def words_of(option):
    return WORDS.get(option.name, "")


def bash(commands, options):
    lines = ["# SPDX-License-Identifier: 0BSD", "# Completion of mailsub(1) for bash.", "_mailsub()",
             "{", "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}",
             "    local words=", "    COMPREPLY=()", "    case $before in"]
    for option in options:
        if option.commands == {"ON_SENDMAIL"}:
            continue
        names = f"--{option.name}" + (f" | -{option.letter}" if option.letter else "")
        if words_of(option):
            lines += [f"    {names})", f"        words='{words_of(option)}'", "        ;;"]
        elif option.is_file:
            lines += [f"    {names})", "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")",
                      "        return", "        ;;"]
        elif option.argument:
            lines += [f"    {names})", "        return", "        ;;"]
    lines += ["    esac", "    if [ -z \"$words\" ]; then", "        case ${COMP_WORDS[1]} in"]
    for command in commands:
        names = [f"--{option.name}" for option in options if command in option.commands]
        lines += [f"        {command[3:].lower()})", "            words='"
                  + "\n                ".join(names) + "'", "            ;;"]
    names = " ".join(command[3:].lower() for command in commands)
    lines += ["        esac", "    fi", "    if [ \"$COMP_CWORD\" = 1 ]; then",
              f"        words='{names}'", "    fi",
              "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")", "}",
              "complete -F _mailsub mailsub"]
    return "\n".join(lines) + "\n"


def zsh_text(text):
    return re.sub(r"([\[\]:'])", lambda m: "'\\''" if m[1] == "'" else "\\" + m[1], text)


def zsh(commands, options):
    lines = ["#compdef mailsub", "# SPDX-License-Identifier: 0BSD",
             "# Completion of mailsub(1) for zsh.", "local -a options", "if (( CURRENT == 2 )); then",
             "    compadd " + " ".join(command[3:].lower() for command in commands), "    return",
             "fi", "case $words[2] in"]
    for command in commands:
        lines += [f"{command[3:].lower()})", "    options=("]
        for option in options:
            if command not in option.commands:
                continue
            action = ""
            if option.argument:
                what = "_files" if option.is_file else f"({words_of(option)})"
                action = f":{zsh_text(option.argument)}:{what if what != '()' else ' '}"
            lines.append(f"        '*--{option.name}[{zsh_text(option.help)}]{action}'")
        lines += ["    )", "    ;;"]
    lines += ["esac", "_arguments $options '*: :_files'"]
    return "\n".join(lines) + "\n"


def fish(commands, options):
    quote = lambda text: "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    names = " ".join(command[3:].lower() for command in commands)
    lines = ["# SPDX-License-Identifier: 0BSD", "# Completion of mailsub(1) for fish.",
             "complete -c mailsub -f",
             f"complete -c mailsub -n __fish_use_subcommand -a '{names}'"]
    for option in options:
        if option.commands == {"ON_SENDMAIL"}:
            continue
        shown = " ".join(command[3:].lower() for command in commands
                         if command in option.commands)
        line = f"complete -c mailsub -n '__fish_seen_subcommand_from {shown}'"
        line += f" -s {option.letter}" if option.letter else ""
        line += f" -l {option.name}"
        line += " -x" if option.argument and not option.is_file else ""
        line += " -rF" if option.is_file else ""
        line += f" -a '{words_of(option)}'" if words_of(option) else ""
        lines.append(f"{line} -d {quote(option.help)}")
    return "\n".join(lines) + "\n"


COMPLETIONS = {"mailsub": bash, "_mailsub": zsh, "mailsub.fish": fish}


def main(table, *outputs):
    commands, options, n_rows = read_table(table)
    if len(options) != n_rows:
        sys.exit(f"{table}: {len(options)} of {n_rows} rows are understood")
    for output in outputs:
        with open(output, "w", encoding="utf-8") as file:
            file.write(COMPLETIONS[os.path.basename(output)](commands, options))


if __name__ == "__main__":
    main(*sys.argv[1:])
