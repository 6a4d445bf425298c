#!/bin/sh
# Rebuilds models/gec-micro-asr.bin and datasets/sample-audio/ from nothing.
# Needs Python 3.11, espeak-ng and opusenc (Debian: opus-tools). PYTHON names a Python that
# has requirements.txt installed; without it a virtual environment is made. Arguments go to
# train_recogniser.py.
set -eu
cd "$(dirname "$0")"

. ./environment.sh
# Several threads in one process wait for each other more than they compute.
export OMP_NUM_THREADS=1

"$PYTHON" speech_data.py vocabulary
"$PYTHON" speech_data.py pool --first 0 --stride 2 &
"$PYTHON" speech_data.py pool --first 1 --stride 2
wait
"$PYTHON" train_recogniser.py "$@"
"$PYTHON" export_recogniser.py
"$PYTHON" sample_audio.py
