//! What the documented commands name: small files, folders, corpora, profiles and runs.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::harness::Home;
use crate::store;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Lines of a file of the sample, from `from` on.
fn sample(name: &str, from: usize, count: usize) -> Vec<Value> {
    let text = std::fs::read_to_string(root().join("datasets/sample").join(name)).unwrap();
    let lines = text.lines().cycle().skip(from).take(count);
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn lines(records: &[Value]) -> String {
    records.iter().map(|record| format!("{record}\n")).collect()
}

/// Records that say what was asked for.
fn labelled(mut records: Vec<Value>) -> Vec<Value> {
    for record in &mut records {
        let is_flight = record["reference"].as_str().unwrap().contains("flight");
        record["label"] = if is_flight { "flight" } else { "other" }.into();
    }
    records
}

/// Records in HyPoradise's own form.
fn hyporadise(records: &[Value]) -> String {
    let own = |record: &Value| {
        json!({ "id": record["id"], "input": record["nbest"], "output": record["reference"],
                "am_score": record["scores"] })
    };
    Value::from_iter(records.iter().map(own)).to_string()
}

/// Every file of HyPoradise under its name in the manifest, in two data folders. The test
/// sets differ, as the real ones do.
fn write_hyporadise(home: &Home) {
    let manifest = std::fs::read_to_string(root().join("datasets/hp.toml")).unwrap();
    let paths = manifest.lines().filter_map(|line| line.strip_prefix("path = \""));
    for (number, path) in paths.enumerate() {
        let name = path.trim_end_matches('"').rsplit('/').next().unwrap();
        let records = if name.starts_with("test") {
            sample("test.jsonl", 12 * number, 42)
        } else {
            sample("train.jsonl", 20 * number, 60)
        };
        for folder in ["data/gec", "corpora"] {
            home.write(&format!("{folder}/hyporadise/{name}"), hyporadise(&records));
        }
    }
}

/// The samples, cut to a few utterances: a file in a data folder wins over a built-in one.
fn write_samples(home: &Home) {
    home.write("data/gec/sample/test.jsonl", lines(&sample("test.jsonl", 0, 16)));
    home.write("data/gec/sample/train.jsonl", lines(&sample("train.jsonl", 0, 80)));
    for condition in ["clean", "snr20", "snr10", "snr5"] {
        let folder = root().join("datasets/sample-audio");
        let list = std::fs::read_to_string(folder.join(format!("{condition}.jsonl"))).unwrap();
        let mut records: Vec<Value> =
            list.lines().take(1).map(|line| serde_json::from_str(line).unwrap()).collect();
        for record in &mut records {
            record["audio"] = folder.join(record["audio"].as_str().unwrap()).to_str().into();
        }
        home.write(&format!("data/gec/sample-audio/{condition}.jsonl"), lines(&records));
    }
}

/// A second of a tone on two channels.
fn stereo() -> Vec<u8> {
    let mut wav = b"RIFF\x24\xfa\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0".to_vec();
    wav.extend_from_slice(&16_000_u32.to_le_bytes());
    wav.extend_from_slice(&64_000_u32.to_le_bytes());
    wav.extend_from_slice(b"\x04\0\x10\0data\0\xfa\0\0");
    for at in 0..16_000 {
        let value: i16 = if at % 40 < 20 { 2000 } else { -2000 };
        wav.extend_from_slice(&[value.to_le_bytes(), value.to_le_bytes()].concat());
    }
    wav
}

/// The sweep that the documentation explains.
fn sweep() -> Vec<u8> {
    let text = std::fs::read_to_string(root().join("docs/experiments.md")).unwrap();
    let block = text.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    block.as_bytes().to_vec()
}

/// The shipped model with a chat template, as instruct models have one: GGUF with a first
/// entry more, padded to keep the place of the tensors.
fn chat_model() -> Vec<u8> {
    let mut file = std::fs::read(root().join("models/gec-micro.gguf")).unwrap();
    let mut template = "{% for message in messages %}<|im_start|>{{ message.role }}\n\
        {{ message.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n{#"
        .to_owned();
    let key = "tokenizer.chat_template";
    let length = 8 + key.len() + 4 + 8;
    while !(length + template.len() + 2).is_multiple_of(32) {
        template.push(' ');
    }
    template.push_str("#}");
    let entries = u64::from_le_bytes(file[16..24].try_into().unwrap()) + 1;
    file[16..24].copy_from_slice(&entries.to_le_bytes());
    let mut entry = gguf_text(key);
    entry.extend(8_u32.to_le_bytes());
    entry.extend(gguf_text(&template));
    file.splice(24..24, entry);
    file
}

/// A text in GGUF.
fn gguf_text(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}

/// An adapter for the shipped model that changes nothing, as llama.cpp reads it: GGUF with
/// the factors of one matrix.
fn adapter() -> Vec<u8> {
    let text = gguf_text;
    let mut file = b"GGUF\x03\0\0\0".to_vec();
    file.extend([2_u64.to_le_bytes(), 4_u64.to_le_bytes()].concat());
    for (key, value) in
        [("general.type", "adapter"), ("general.architecture", "llama"), ("adapter.type", "lora")]
    {
        file.extend([text(key), 8_u32.to_le_bytes().to_vec(), text(value)].concat());
    }
    file.extend([text("adapter.lora.alpha"), 6_u32.to_le_bytes().to_vec()].concat());
    file.extend(1_f32.to_le_bytes());
    for (factor, sizes, at) in [("lora_a", [192_u64, 1], 0_u64), ("lora_b", [1, 192], 768)] {
        file.extend(text(&format!("blk.0.attn_q.weight.{factor}")));
        file.extend([&2_u32.to_le_bytes()[..], &sizes[0].to_le_bytes()].concat());
        file.extend([&sizes[1].to_le_bytes()[..], &0_u32.to_le_bytes()].concat());
        file.extend(at.to_le_bytes());
    }
    file.resize(file.len().next_multiple_of(32) + 2 * 768, 0);
    file
}

fn copy(home: &Home, from: &str, to: &str) {
    copy_folder(&root().join(from), &home.path(to));
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    std::fs::create_dir_all(to).unwrap();
    let copied = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().unwrap();
    assert!(copied.success(), "{} to {}", from.display(), to.display());
}

/// A home where everything is that has no telling name: folders, known corpora, a profile
/// `atis` and runs 1 to 9, of which the last two have fingerprints from the help texts.
pub(super) fn prepared() -> Home {
    let home = Home::new();
    write_hyporadise(&home);
    write_samples(&home);
    let said = sample("test.jsonl", 0, 4);
    let text = |at: usize| said[at]["nbest"][0].as_str().unwrap().to_owned();
    let cues: String = (0..4)
        .map(|at| format!("{at}\n00:00:0{at},000 --> 00:00:0{at},900\n{}\n\n", text(at)))
        .collect();
    home.write("talks/boston.srt", cues);
    home.write("talks/notes.txt", format!("{}\n{}\n", text(1), text(2)));
    home.write("calls/one.mp3", stereo());
    home.write("text", format!("{} {}\n", "one", text(0)));
    home.write("data/test/text", format!("{} {}\n", "one", text(0)));
    std::fs::create_dir_all(home.path("prompts")).unwrap();
    for (from, to) in [("kaldi", "nbest"), ("espnet", "exp/decode_test")] {
        copy(&home, &format!("tests/data/formats/{from}"), to);
    }
    let whisper = std::fs::read(root().join("tests/data/formats/whisper/openai.json")).unwrap();
    home.write("transcripts/openai.json", whisper);
    for (number, name) in [("001", "one"), ("002", "two")] {
        let path = format!("datasets/sample-audio/clean/{number}.opus");
        home.write(&format!("interviews/{name}.opus"), std::fs::read(root().join(path)).unwrap());
    }

    let methods = "1best,mbr,rover,lm-rank,select,generate,closest,constrained,uadf";
    let list = json!({ "audio": home.path("interviews/one.opus"), "text": "explain fare code x" });
    home.write("list.jsonl", list.to_string());
    for arguments in [
        &["transcribe", "list.jsonl", "--name", "interviews", "--asr-threads", "1"][..],
        &["tune", "--dataset", "hp:atis", "--split", "train", "--save", "atis", "--no-model"],
        &["run", "--dataset", "interviews", "--method", methods, "--threads", "1"],
    ] {
        home.gec(arguments).succeeds();
    }
    store::execute(
        &home.db(),
        "UPDATE runs SET fingerprint = '3f9a' || substr(fingerprint, 5) WHERE id = 8; \
         UPDATE runs SET fingerprint = '77b2' || substr(fingerprint, 5) WHERE id = 9;",
    );
    home
}

/// Another home with the same files.
pub(super) fn again(prepared: &Home) -> Home {
    let home = Home::new();
    copy_folder(&prepared.path("."), &home.path("."));
    home
}

/// Puts a file there for each argument whose ending tells what it should be, unless a command
/// makes it.
pub(super) fn provide(home: &Home, arguments: &[String]) {
    let mut before = "";
    for word in arguments {
        let made = [">", "--output", "--db", "backup", "--log-file"].contains(&before);
        before = word;
        let extension = Path::new(word).extension().and_then(|extension| extension.to_str());
        if made || word.contains('*') || home.path(word).exists() {
            continue;
        }
        let said = sample("test.jsonl", 0, 40);
        let content: Vec<u8> = match extension {
            Some("gguf") if word.contains("ADAPTER") => adapter(),
            Some("gguf") => chat_model(),
            Some("bin") => {
                link(&root().join("models/gec-micro-asr.bin"), &home.path(word));
                continue;
            }
            Some("jsonl") => lines(&labelled(said)).into(),
            Some("json") => hyporadise(&sample("train.jsonl", 0, 60)).into(),
            Some("jinja") if word.contains("intents") => {
                home.gec(&["prompt", "show", "classify-plain"]).succeeds().out.into()
            }
            Some("jinja") => home.gec(&["prompt", "show", "few-shot"]).succeeds().out.into(),
            Some("toml") => sweep(),
            Some("txt") => b"Boulder = bolder\n".into(),
            Some("tsv") => b"path\tsentence\ninterviews/one.opus\texplain fare code x\n\
                interviews/two.opus\twhat are ticket prices\n"
                .into(),
            Some("db") => std::fs::read(home.db()).unwrap(),
            _ => continue,
        };
        home.write(word, content);
    }
}

fn link(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(from, to).unwrap();
}

/// A server with OpenAI's interface and a model `qwen`; it ends with this value.
pub(super) struct Server {
    child: Child,
    pub(super) url: String,
}

impl Server {
    pub(super) fn start() -> Self {
        let mut child = Command::new("python3")
            .arg(root().join("tests/support/openai_server.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("these tests need python3 on the PATH: {error}"));
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let mut stream = TcpStream::connect(format!("127.0.0.1:{}", port.trim())).unwrap();
        let body = json!({ "models": ["qwen"] }).to_string();
        let length = body.len();
        write!(
            stream,
            "POST /control HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains(" 200 "), "{answer}");
        Self { child, url: format!("http://127.0.0.1:{}", port.trim()) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
