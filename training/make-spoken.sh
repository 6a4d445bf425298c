#!/bin/sh
# Has the shipped recogniser hear training sentences, and writes what it made of them to
# out/spoken-lists.jsonl, which train.py mixes in. Needs Python 3.11, espeak-ng and Rust.
# PYTHON names a Python that has requirements.txt installed; without it a virtual
# environment is made.
set -eu
cd "$(dirname "$0")"

. ./environment.sh

"$PYTHON" spoken_lists.py "$@"
cargo build --release --locked --bins
gec() { ../target/release/gec "$@" --db out/spoken.db; }
gec transcribe out/spoken/manifest.jsonl --name spoken --no-posteriors
gec export spoken --format jsonl --output out/spoken-lists.jsonl
