# Sourced by the make-*.sh scripts, in this folder: sets PYTHON where it is not set, to a
# virtual environment in out/ that has requirements.txt installed.
if [ -z "${PYTHON:-}" ]; then
    mkdir -p out && python3 -m venv out/venv
    PYTHON="$PWD/out/venv/bin/python"
    "$PYTHON" -m pip install -r requirements.txt
fi
