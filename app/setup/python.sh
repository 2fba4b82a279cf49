#!/bin/sh
# Prints a Python from 3.11 that really runs and can make environments; one line on what to do where there is none.
usable() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

if [ -n "$1" ]; then
    usable "$1" && { echo "$1"; exit 0; }
    echo "PYTHON=$1 is no Python from 3.11 that can make environments (module venv)" >&2
    exit 1
fi
for candidate in python3.11 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.11.*/bin/python3.11 python3.12 python3.13 python3; do
    usable "$candidate" && { echo "$candidate"; exit 0; }
done
echo "Parley needs Python 3.11 with its venv module (on Debian: apt install python3.11-venv), or name one: make PYTHON=/path/to/python3.11" >&2
exit 1
