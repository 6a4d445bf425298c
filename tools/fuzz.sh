#!/usr/bin/env bash
# Fuzzes every reader in turn, from seeds in the tree; stops at the first finding.
#
#   tools/fuzz.sh                     ten minutes each
#   tools/fuzz.sh 60 srt nemo-beams   one minute each for these two
#
# Needs cargo-fuzz (`cargo install cargo-fuzz --locked`). Inputs that reach new code are kept
# in fuzz/corpus/TARGET-FORMAT, findings in fuzz/artifacts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly SECONDS_EACH="${1:-600}"
readonly DOCUMENTS=(srt vtt whisper-json ctm trn jsonl hyporadise-json csv tsv text)
readonly CORPORA=(hp-json hp-csv jsonl list whisper-json kaldi-nbest espnet-nbest nemo-beams
    references references-trn glossary)
readonly FORMATS=tests/data/formats

# Files one after the other with a zero byte between them, as the target `corpora` reads them.
joined() {
    local file
    for file in "$@"; do
        cat "$file"
        [[ "$file" == "${*: -1}" ]] || printf '\0'
    done
}

seeds() {
    local folder="$1" kaldi="$FORMATS/kaldi/nbest.1" espnet="$FORMATS/espnet/logdir/output.1"
    mkdir -p "$folder"
    case "$2" in
    whisper-json) cp "$FORMATS"/whisper/* "$folder" ;;
    kaldi-nbest) joined "$kaldi"/{words_text,text,lm_cost,ac_cost} ;;
    espnet-nbest) joined "$espnet"/{1best_recog,2best_recog}/{text,score} ;;
    nemo-beams) joined "$FORMATS"/nemo/{preds*.tsv,test_manifest.json} ;;
    references) joined "$kaldi/text" ;;
    jsonl) head -n 2 datasets/sample/test.jsonl ;;
    hp-json | hyporadise-json) echo '[{"input": ["a b", "a c"], "output": "a c"}]' ;;
    hp-csv) printf 'source,target,best_hypo\n"a b. a c.",a c,a b\n' ;;
    csv) printf 'id,text\n1,"a ""b"""\n' ;;
    tsv) printf 'id\ttext\n1\ta b\n' ;;
    list | text) printf 'a b\na c\n\nd e\n' ;;
    srt) printf '1\n00:00:01,000 --> 00:00:02,000\n<i>a b</i>\n' ;;
    vtt) printf 'WEBVTT\n\nNOTE x\n\n00:01.000 --> 00:02.000 line:0\n<v A>a <00:01.500>b\n' ;;
    ctm) printf 'utt 1 0.00 0.30 a 0.9\nutt 1 0.30 0.20 b\n' ;;
    trn | references-trn) printf 'a b (utt-1)\n' ;;
    glossary) printf '# names\nKubernetes = cooper netties, kuber net is\nBoulder\n' ;;
    esac >"$folder/first"
}

wanted() {
    local format="$1"
    shift
    [[ $# == 0 || " $* " == *" $format "* ]]
}

run() {
    local target="$1" format="$2" folder="fuzz/corpus/$1-$2"
    seeds "$folder" "$format"
    printf '==> %s as %s\n' "$format" "$target"
    GEC_FUZZ_FORMAT="$format" RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none "$target" \
        "$folder" -- -max_total_time="$SECONDS_EACH" -max_len=4096 -print_final_stats=1
}

for format in "${@:2}"; do
    if [[ " ${DOCUMENTS[*]} ${CORPORA[*]} " != *" $format "* ]]; then
        printf 'no reader `%s`\nhint: there are %s\n' "$format" "${DOCUMENTS[*]} ${CORPORA[*]}" >&2
        exit 2
    fi
done
for format in "${DOCUMENTS[@]}"; do
    if wanted "$format" "${@:2}"; then run documents "$format"; fi
done
for format in "${CORPORA[@]}"; do
    if wanted "$format" "${@:2}"; then run corpora "$format"; fi
done
