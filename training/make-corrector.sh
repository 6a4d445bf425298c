#!/bin/sh
# Rebuilds models/gec-micro.gguf and datasets/sample/ from nothing.
# Needs Python 3.11 and espeak-ng. PYTHON names a Python that has
# requirements.txt installed; without it a virtual environment is made.
set -eu
cd "$(dirname "$0")"

. ./environment.sh

"$PYTHON" lexicon.py
"$PYTHON" data.py tokenizer
"$PYTHON" data.py sample
"$PYTHON" train.py "$@"
"$PYTHON" export.py
