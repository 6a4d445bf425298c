#!/bin/sh
# Trains gec-micro on the pairs of a HyPoradise-format file, e.g.
#   training/make-adapted.sh --train train_atis.json --exclude test_atis.json
# and writes training/out/adapted.gguf and the pairs it held back. Needs Python 3.11 and
# espeak-ng. PYTHON names a Python that has requirements.txt installed; without it a virtual
# environment is made. Paths are taken from where you stand; arguments go to adapt.py.
set -eu
scripts="$(cd "$(dirname "$0")" && pwd)"
here="$PWD"

cd "$scripts"
. ./environment.sh
# Several threads in one process wait for each other more than they compute.
export OMP_NUM_THREADS=1
[ -f out/lexicon.json ] || "$PYTHON" lexicon.py
cd "$here"
"$PYTHON" "$scripts/adapt.py" "$@"
