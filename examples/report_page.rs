//! Writes reports with made-up utterances, to look at and to test in a browser.
//!
//! `cargo run --example report_page -- FOLDER` makes `demo.html`, `hostile.html`,
//! `empty.html` and `large.html` there.

use std::{fs::File, io, path::Path};

use gec::{
    corpus::{Span, Utterance},
    correct::Verdict,
    normalize::{BASIC, NONE},
    report::{
        Report,
        html::{Entry, Page, Run, write},
    },
    score::{Item, Labels, Row, Rule, Scorer},
};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

const WORDS: &str = "show me the flights from boston to denver on monday morning please what is \
    cheapest fare that leaves after five in evening and arrives before noon i would like to see \
    all ground transportation between airport downtown which airlines fly round trip first class";

/// Words and how they are misheard.
const MISHEARD: [(&str, &str); 12] = [
    ("flights", "flight"),
    ("boston", "austin"),
    ("denver", "denmark"),
    ("fare", "fair"),
    ("to", "two"),
    ("leaves", "leads"),
    ("noon", "new"),
    ("the", "a"),
    ("see", "sea"),
    ("arrives", "arrive"),
    ("airlines", "airline"),
    ("downtown", "down town"),
];

const METHODS: [&str; 3] = ["select", "cloze", "cascade (atis)"];

fn main() -> io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    demo(400, &folder.join("demo.html"))?;
    demo(10_000, &folder.join("large.html"))?;
    hostile(&folder.join("hostile.html"))?;
    let empty = page("Nothing yet", Vec::new(), Vec::new());
    write(&empty, std::iter::empty(), &mut File::create(folder.join("empty.html"))?)
}

fn page(title: &str, rows: Vec<Row>, runs: Vec<Run>) -> Page {
    let rule = Rule { normalizer: BASIC, resamples: 200, ..Rule::default() };
    Page {
        title: title.into(),
        date: "2026-01-02 10:00".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        report: Report::new(&rule, rows),
        runs,
        notes: Vec::new(),
    }
}

fn demo(count: usize, path: &Path) -> io::Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let data = ["atis:test", "phone:dev"];
    let names = |place: usize| (data[place / METHODS.len()], METHODS[place % METHODS.len()]);
    let rule = Rule { normalizer: BASIC, resamples: 200, ..Rule::default() };
    let mut scorers: Vec<Scorer> = (0..6).map(|_| Scorer::new(rule)).collect();
    let entries: Vec<Entry> = (0..count)
        .map(|number| {
            let place = usize::from(number >= count * 3 / 5);
            made_up(number, data[place], place * METHODS.len(), &mut rng, &mut scorers)
        })
        .collect();
    let rows = scorers.into_iter().enumerate().map(|(place, scorer)| {
        let (data, method) = names(place);
        let (dataset, subset) = data.split_once(':').unwrap_or((data, ""));
        let labels =
            Labels { dataset: dataset.into(), subset: subset.into(), method: method.into() };
        let note = (place == 2).then(|| "its settings were tuned on part of these data".to_owned());
        Row { note, ..scorer.finish(labels) }
    });
    let runs = (0..6).map(|place| {
        let (data, method) = names(place);
        Run {
            data: data.into(),
            method: method.into(),
            model: Some("qwen2.5-0.5b-instruct-q4_k_m.gguf".into()),
            template: Some("select-plain".into()),
            profile: method.contains('(').then(|| "atis".into()),
            settings: serde_json::json!({ "beta": 0.25, "guard": { "most_changes": 4 }, "nbest": 5 }),
            facts: vec![("threads".into(), "8".into()), ("context".into(), "4096 tokens".into())],
        }
    });
    let mut page = page("Corrections of ATIS and telephone speech", rows.collect(), runs.collect());
    page.notes = vec!["Made-up utterances: these figures mean nothing.".into()];
    write(&page, entries.into_iter(), &mut io::BufWriter::new(File::create(path)?))
}

fn made_up(
    number: usize,
    data: &str,
    first_run: usize,
    rng: &mut ChaCha8Rng,
    scorers: &mut [Scorer],
) -> Entry {
    let vocabulary: Vec<&str> = WORDS.split_whitespace().collect();
    let length = rng.random_range(2..24_usize);
    let said: Vec<&str> =
        (0..length).map(|_| vocabulary[rng.random_range(0..vocabulary.len())]).collect();
    let list = (0..5_u8).map(|rank| {
        let heard: Vec<String> = said.iter().map(|word| mishear(word, rng)).collect();
        (heard.join(" "), Some(-0.2 - f64::from(rank) * 0.11), None)
    });
    let list: Vec<_> = list.collect();
    let reference = said.join(" ");
    let mut utterance = Utterance::from_list(format!("{data}-{number:05}"), list);
    utterance.reference = (number % 50 != 49).then(|| reference.clone());
    utterance.group = Some(format!("speaker {:02}", number % 23));
    if number.is_multiple_of(3) {
        utterance.audio = Some(format!("audio/speaker {:02}.wav", number % 23));
        utterance.span = Some(Span { start_ms: 1200, end_ms: 4650 });
    }
    let mut entry = Entry::new(data, &utterance, BASIC);
    for method in 0..METHODS.len() {
        let (text, verdict) = match rng.random_range(0..20_u8) {
            0..=4 => (reference.clone(), Verdict::Corrected),
            5..=7 => (utterance.nbest[utterance.nbest.len() - 1].text.clone(), Verdict::Corrected),
            8..=10 => (utterance.one_best().to_owned(), Verdict::Gated),
            11 => (utterance.one_best().to_owned(), Verdict::Refused),
            12 if number.is_multiple_of(8) => (utterance.one_best().to_owned(), Verdict::Failed),
            _ => (utterance.one_best().to_owned(), Verdict::Kept),
        };
        let nbest: Vec<&str> = utterance.nbest.iter().map(|one| one.text.as_str()).collect();
        scorers[first_run + method].add(&Item {
            nbest: &nbest,
            reference: utterance.reference.as_deref(),
            corrected: &text,
            resampling_key: utterance.resampling_key(),
        });
        let words = text.split_whitespace();
        let confidences = words.map(|_| rng.random_range(0.2..1.0_f64).sqrt()).collect();
        let answer = entry.answer(first_run + method, verdict, &text, BASIC);
        answer.confidences = confidences;
        answer.tokens = [180, 320, 610][method] + rng.random_range(0..40);
        answer.milliseconds = Some([140.0, 260.0, 530.0][method] * rng.random_range(0.8..1.3_f64));
        answer.reason = match verdict {
            Verdict::Gated => Some("the list agrees: 0.97 of 0.95".into()),
            Verdict::Refused => Some("6 words changed, at most 4".into()),
            Verdict::Failed => Some("the prompt has 4,210 tokens, the context holds 4,096".into()),
            _ => None,
        };
        answer.raw = (verdict == Verdict::Refused).then(|| format!("Sure! {reference}"));
    }
    entry
}

fn mishear(word: &str, rng: &mut ChaCha8Rng) -> String {
    match rng.random_range(0..100_u8) {
        0..=1 => String::new(),
        2..=3 => format!("{word} uh"),
        4..=30 => {
            let known = MISHEARD.iter().find(|(said, _)| *said == word);
            known.map_or(word, |(_, heard)| heard).to_owned()
        }
        _ => word.to_owned(),
    }
}

fn hostile(path: &Path) -> io::Result<()> {
    let texts = [
        "</script><script>window.pwned=1</script>",
        "<img src=x onerror=\"window.pwned=1\">",
        "<!-- <script> window.pwned=1",
        "\"><svg onload=window.pwned=1>",
        "javascript:window.pwned=1",
        "&lt;b&gt; {{7*7}} ${window.pwned=1}",
        "nul \u{0} escape \u{1b}[2J bell \u{7} line \u{2028} turned \u{202e}txet",
        "שלום עולם show me 5 flights",
        "مرحبا بالعالم من boston",
        "北京 航班 e\u{301}tude 👩\u{200d}👩\u{200d}👧",
        "",
    ];
    let method = texts[1];
    let entries = texts.iter().enumerate().map(|(number, text)| {
        let reference = if number % 2 == 0 { "show me flights" } else { text };
        let list = [*text, "show flights"].map(|text| (text.to_owned(), Some(f64::NAN), None));
        let mut utterance = Utterance::from_list(format!("{number} {text}"), list);
        utterance.reference = Some(reference.to_owned());
        utterance.group = Some((*text).to_owned());
        utterance.audio =
            Some(["javascript:window.pwned=1", "//elsewhere/a.wav", text][number % 3].into());
        let mut entry = Entry::new(texts[0], &utterance, NONE);
        let answer = entry.answer(0, Verdict::Corrected, &format!("show {text}"), NONE);
        answer.reason = Some((*text).to_owned());
        answer.raw = Some(format!("raw {text}"));
        answer.confidences = vec![f64::NAN, 0.4];
        entry
    });
    let run = Run {
        data: texts[0].into(),
        method: method.into(),
        model: Some(texts[3].into()),
        settings: serde_json::json!({ texts[2]: texts[0] }),
        ..Run::default()
    };
    let mut scorer = Scorer::new(Rule::default());
    scorer.add(&Item {
        nbest: &[texts[0]],
        reference: Some("show me"),
        corrected: texts[1],
        resampling_key: "",
    });
    let labels =
        Labels { dataset: texts[0].into(), subset: texts[2].into(), method: method.into() };
    let row = Row { note: Some(texts[1].into()), ..scorer.finish(labels) };
    let page = page(texts[0], vec![row], vec![run]);
    write(&page, entries, &mut io::BufWriter::new(File::create(path)?))
}
