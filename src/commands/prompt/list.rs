//! `gec prompt list` and `gec prompt show`.

use std::io::Write;

use comfy_table::{Table, presets};
use serde::Serialize;

use crate::{
    cli::runs::ListFormat,
    commands::{ExitStatus, runs},
    prompt::{self, Form, Output, Template},
    report::printable,
};

/// One template, or why it is none.
#[derive(Serialize)]
struct Listed {
    name: String,
    origin: Option<String>,
    form: Option<Form>,
    output: Option<Output>,
    max_hypotheses: Option<usize>,
    examples: Option<usize>,
    hash: Option<String>,
    description: Option<String>,
    error: Option<String>,
}

/// Lists all templates that have a name. A file that is no template is listed with its fault.
pub(super) fn list(format: ListFormat, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let listed: Vec<Listed> = prompt::names().into_iter().map(describe).collect();
    let good = listed.iter().all(|one| one.error.is_none());
    if format == ListFormat::Json {
        runs::write_json(&serde_json::json!({ "templates": listed }), out)?;
        return Ok(good.into());
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        "name",
        "form",
        "answer",
        "examples",
        "from",
        "description",
    ]);
    for one in &listed {
        let text = |text: &Option<String>| printable(text.as_deref().unwrap_or("-"));
        let error = one.error.as_ref().map(|error| format!("error: {error}"));
        table.add_row([
            printable(&one.name),
            one.form.map_or("-", form).to_owned(),
            one.output.map_or("-", Output::name).to_owned(),
            one.examples.map_or_else(|| "-".to_owned(), |count| count.to_string()),
            text(&one.origin),
            text(&error.or_else(|| one.description.clone())),
        ]);
    }
    runs::write_table(&table, out)?;
    Ok(good.into())
}

fn describe(name: String) -> Listed {
    match Template::load(&name) {
        Ok(template) => {
            let header = template.header();
            Listed {
                name,
                origin: Some(template.origin().to_string()),
                form: Some(header.form),
                output: Some(header.output),
                max_hypotheses: Some(header.max_hypotheses),
                examples: Some(header.examples),
                hash: Some(template.hash()),
                description: Some(header.description.clone()),
                error: None,
            }
        }
        Err(error) => Listed {
            name,
            origin: None,
            form: None,
            output: None,
            max_hypotheses: None,
            examples: None,
            hash: None,
            description: None,
            error: Some(error.to_string()),
        },
    }
}

pub(super) fn form(form: Form) -> &'static str {
    match form {
        Form::Chat => "chat",
        Form::Plain => "plain",
    }
}

/// Prints a template's file, byte for byte.
pub(super) fn show(name: &str, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    out.write_all(Template::load(name)?.source().as_bytes())?;
    out.flush()?;
    Ok(ExitStatus::Done)
}
