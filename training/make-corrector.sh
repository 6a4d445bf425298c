#!/bin/sh
# Rebuilds models/gec-micro.gguf and datasets/sample/ from nothing.
# Needs Python 3.11 and espeak-ng. PYTHON names a Python that has
# requirements.txt installed; without it a virtual environment is made.
set -eu
cd "$(dirname "$0")"

if [ -z "${PYTHON:-}" ]; then
    mkdir -p out && python3 -m venv out/venv
    PYTHON=out/venv/bin/python
    "$PYTHON" -m pip install -r requirements.txt
fi

"$PYTHON" lexicon.py
"$PYTHON" data.py tokenizer
"$PYTHON" data.py sample
"$PYTHON" train.py "$@"
"$PYTHON" export.py
