//! `gec prompt check`: templates against a corpus.

use std::io::Write;

use comfy_table::{Table, presets};
use serde::Serialize;

use super::{PAGE, laid_out, ready, with_classes};
use crate::{
    cli::{prompt::CheckArgs, run::PromptArgs, runs::ListFormat},
    commands::{Context, ExitStatus, corpora::Ready, equip::Material, model, runs},
    corpus::Utterance,
    correct::{self, CorrectError, Prompter},
    llm::LanguageModel,
    prompt::{self, Output, PromptText, Template},
    report::printable,
    store::Store,
};

/// A reference of fewer words may stand in a prompt by chance.
const TELLING: usize = 4;

/// What became of a template. Counts are of utterances.
#[derive(Debug, Default, Serialize)]
struct Checked {
    template: String,
    /// Why it cannot be used at all.
    error: Option<String>,
    utterances: u64,
    /// Rendering failed.
    failed: u64,
    /// Not even one hypothesis fits the context.
    too_long: u64,
    /// Hypotheses or examples were left out so that it fits.
    shortened: u64,
    /// The reference stands in the prompt, and in no hypothesis that is shown.
    leaks: u64,
    /// Tokens of the shortest, the middle and the longest prompt.
    tokens: Option<[usize; 3]>,
    /// Laid out as ChatML, because the model has no chat template.
    chatml: bool,
    /// The first faults, each with its utterance.
    faults: Vec<String>,
    #[serde(skip)]
    lengths: Vec<usize>,
}

impl Checked {
    fn is_good(&self) -> bool {
        self.error.is_none() && self.failed + self.too_long + self.leaks == 0
    }

    fn fault(&mut self, utterance: &Utterance, what: &str) {
        if self.faults.len() < 3 {
            self.faults.push(format!("{}: {what}", utterance.id));
        }
    }
}

pub(super) async fn run(
    args: &CheckArgs,
    context: &Context,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let store = Store::open(&context.db).await?;
    let split = args.split.as_deref();
    let Some(corpora) = ready(&args.dataset, split, &args.asr, &store, context).await? else {
        store.close().await?;
        return Ok(ExitStatus::Interrupted);
    };
    let model = model::load(&args.model, context).await?;
    let names = if args.templates.is_empty() { prompt::names() } else { args.templates.clone() };
    let mut all = Vec::with_capacity(names.len());
    for name in names {
        let mut checked = Checked { template: name, ..Checked::default() };
        if let Err(error) = check(&mut checked, args, &corpora, model.as_ref(), &store).await {
            checked.error = Some(format!("{error:#}"));
        }
        checked.lengths.sort_unstable();
        let lengths = &checked.lengths;
        if let (Some(first), Some(last)) = (lengths.first(), lengths.last()) {
            checked.tokens = Some([*first, lengths[lengths.len() / 2], *last]);
        }
        all.push(checked);
    }
    store.close().await?;
    match args.format {
        ListFormat::Json => runs::write_json(&serde_json::json!({ "templates": all }), out)?,
        ListFormat::Table => table(&all, out)?,
    }
    if all.iter().any(|checked| checked.chatml) {
        context.note(&format!(
            "model `{}` has no chat template: templates of the form `chat` were laid out as ChatML",
            model.info().name
        ));
    }
    Ok(all.iter().all(Checked::is_good).into())
}

/// Renders one template for all utterances.
async fn check(
    checked: &mut Checked,
    args: &CheckArgs,
    corpora: &[Ready],
    model: &dyn LanguageModel,
    store: &Store,
) -> anyhow::Result<()> {
    let template = Template::load(&checked.template)?;
    let (info, chatml) = laid_out(model.info(), &template);
    checked.chatml = chatml;
    let asks_gap = template.shows_gap() && template.header().output == Output::Label;
    let shown = PromptArgs { template: Some(checked.template.clone()), shown: args.shown.clone() };
    let most = args.limit.map_or(u64::MAX, |limit| limit as u64);
    for ready in corpora {
        let material = Material::Corpus(&ready.resolved, &ready.corpus);
        let prompter =
            model::prompter(&shown, args.seed, ("generate", "generate"), &info, material)?;
        let prompter = with_classes(prompter, ready, store).await?;
        let mut after = 0;
        while checked.utterances < most {
            let page = store.page(ready.corpus.id, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.position;
            for one in page {
                if checked.utterances < most {
                    checked.utterances += 1;
                    render(checked, &prompter, model, &one.utterance, asks_gap);
                }
            }
        }
    }
    Ok(())
}

fn render(
    checked: &mut Checked,
    prompter: &Prompter,
    model: &dyn LanguageModel,
    utterance: &Utterance,
    asks_gap: bool,
) {
    let answer = correct::answer_budget(model, prompter, utterance);
    let made = if asks_gap {
        let options = utterance.nbest.iter().map(|one| one.text.clone()).collect();
        let gap = prompt::Gap { options, ..prompt::Gap::default() };
        prompter.gap_prompt(model, utterance, &gap, answer)
    } else {
        prompter.prompt(model, utterance, answer)
    };
    match made {
        Ok(made) => {
            checked.lengths.push(made.tokens.len());
            checked.shortened += u64::from(made.shortened);
            if leaks(&made.text, utterance) {
                checked.leaks += 1;
                checked.fault(utterance, "the prompt holds the reference, and no hypothesis does");
            }
        }
        Err(error @ CorrectError::PromptTooLong { .. }) => {
            checked.too_long += 1;
            checked.fault(utterance, &error.to_string());
        }
        Err(error) => {
            checked.failed += 1;
            checked.fault(utterance, &error.to_string());
        }
    }
}

/// Whether a prompt says what nobody heard: the template's own words hold those of the
/// reference, or a value that it prints consists of them.
fn leaks(prompt: &PromptText, utterance: &Utterance) -> bool {
    let Some(reference) = utterance.reference.as_deref() else { return false };
    let words = |text: &str| -> Vec<String> {
        text.to_lowercase().split_whitespace().map(str::to_owned).collect()
    };
    let reference = words(reference);
    let heard = utterance.nbest.iter().any(|one| words(&one.text) == reference);
    if reference.len() < TELLING || heard {
        return false;
    }
    let mut own = String::new();
    let mut at = 0;
    for range in &prompt.untrusted {
        if words(&prompt.text[range.clone()]) == reference {
            return true;
        }
        own.push_str(&prompt.text[at..range.start]);
        // A word that no reference has, so that none is found across data.
        own.push_str(" \u{fffd} ");
        at = range.end;
    }
    own.push_str(&prompt.text[at..]);
    words(&own).windows(reference.len()).any(|window| window == reference)
}

fn table(all: &[Checked], out: &mut dyn Write) -> anyhow::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        "template",
        "utterances",
        "tokens (min/mid/max)",
        "failed",
        "too long",
        "shortened",
        "leaks",
        "",
    ]);
    for checked in all {
        let tokens =
            checked.tokens.map_or_else(|| "-".to_owned(), |[a, b, c]| format!("{a}/{b}/{c}"));
        table.add_row([
            printable(&checked.template),
            checked.utterances.to_string(),
            tokens,
            checked.failed.to_string(),
            checked.too_long.to_string(),
            checked.shortened.to_string(),
            checked.leaks.to_string(),
            if checked.is_good() { "good" } else { "FAULTY" }.to_owned(),
        ]);
    }
    runs::write_table(&table, out)?;
    for checked in all {
        for fault in checked.error.iter().chain(&checked.faults) {
            writeln!(out, "{}: {}", printable(&checked.template), printable(fault))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utterance(heard: &str, reference: &str) -> Utterance {
        let mut utterance = Utterance::from_list("u", [(heard.to_owned(), None, None)]);
        utterance.reference = Some(reference.to_owned());
        utterance
    }

    fn prompt(own: &str, data: &str) -> PromptText {
        let text = format!("{own}{data}");
        PromptText { untrusted: std::iter::once(own.len()..text.len()).collect(), text }
    }

    #[test]
    fn a_reference_that_nobody_heard_is_a_leak_where_it_stands_whole() {
        let one = utterance("show me fights to boston", "show me flights to boston");
        assert!(leaks(&prompt("Answer: ", "Show me flights to Boston"), &one));
        assert!(leaks(&prompt("Say show me flights to boston now: ", "show me fights"), &one));
        assert!(!leaks(&prompt("Guess: ", "show me fights to boston"), &one));
        assert!(!leaks(&prompt("Example: ", "now show me flights to boston"), &one));
        let heard = utterance("show me flights to boston", "show me flights to boston");
        assert!(!leaks(&prompt("Guess: ", "show me flights to boston"), &heard));
        let short = utterance("yes peas", "yes please");
        assert!(!leaks(&prompt("Answer: ", "yes please"), &short), "short ones say nothing");
    }
}
