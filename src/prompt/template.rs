//! Prompt templates: where they are found, and how one becomes a prompt.

use std::fmt;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};
use minijinja_contrib::pycompat::unknown_method_callback;

use super::chat::{ChatTemplate, Role};
use super::examples::Example;
use super::header::{Form, Header};
use super::untrusted::mark_printed_values;
use super::{Gap, PromptError, PromptInput, PromptText};
use crate::acoustic::Posterior;
use crate::classify::Classes;
use crate::corpus::Utterance;

/// The built-in templates: name and file.
const BUILT_IN: [(&str, &str); 13] = [
    ("zero-shot", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/prompts/zero-shot.jinja"))),
    ("few-shot", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/prompts/few-shot.jinja"))),
    ("choose", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/prompts/choose.jinja"))),
    (
        "choose-plain",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/prompts/choose-plain.jinja")),
    ),
    ("classify", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/prompts/classify.jinja"))),
    (
        "classify-plain",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/prompts/classify-plain.jinja")),
    ),
    ("cloze", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/prompts/cloze.jinja"))),
    (
        "cloze-plain",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/prompts/cloze-plain.jinja")),
    ),
    ("gec-micro", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/prompts/gec-micro.jinja"))),
    (
        "noise-aware",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/prompts/noise-aware.jinja")),
    ),
    ("pairs", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/prompts/pairs.jinja"))),
    (
        "plain-few-shot",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/prompts/plain-few-shot.jinja")),
    ),
    ("transcript", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/prompts/transcript.jinja"))),
];

/// What the environment calls the one template in it.
const BODY: &str = "body";

/// The names of the built-in templates.
pub fn built_in_names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, _)| *name)
}

/// The names that [`Template::load`] finds, in order: built in, or a file in one of the two
/// folders it looks in.
#[must_use]
pub fn names() -> Vec<String> {
    let config = etcetera::choose_base_strategy().ok().map(|base| base.config_dir());
    let mut names: Vec<String> = built_in_names().map(str::to_owned).collect();
    for folder in folders(Path::new("."), config.as_deref()) {
        // A folder that is not there or cannot be read holds no templates.
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            if let Some(name) = stem.filter(|_| path.extension().is_some_and(|it| it == "jinja")) {
                names.push(name.to_owned());
            }
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// Where templates are looked for by name, in order.
fn folders(working: &Path, config: Option<&Path>) -> impl Iterator<Item = PathBuf> {
    let config = config.map(|config| config.join("gec/prompts"));
    [Some(working.join("prompts")), config].into_iter().flatten()
}

/// Where a template came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// This file.
    File(PathBuf),
    /// The binary.
    BuiltIn,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::BuiltIn => f.write_str("built in"),
        }
    }
}

/// A prompt template, parsed and tried out.
#[derive(Debug)]
pub struct Template {
    /// The name or path it was asked for by, for messages.
    name: String,
    origin: Origin,
    header: Header,
    source: String,
    /// Lines of the file above the body.
    lines_above: usize,
    /// Where in the file the body begins.
    body_start: usize,
    /// Whether the prompt changes with the gap it is about.
    shows_gap: bool,
    /// The roles its blocks fill, in the order of the conversation.
    roles: Vec<Role>,
    env: Environment<'static>,
}

impl Template {
    /// Finds and parses a template. What holds a `/` or ends in `.jinja` is a path; a name
    /// is looked for as `prompts/NAME.jinja` in the working directory, then in
    /// `gec/prompts` in the user's configuration folder, then among the built-in ones.
    ///
    /// The template is rendered once with made-up data, so that a misspelt variable is
    /// found here and not at the first utterance.
    ///
    /// # Errors
    /// Where there is no such template, it cannot be read, or its header or body is wrong.
    pub fn load(name_or_path: &str) -> Result<Self, PromptError> {
        let config = etcetera::choose_base_strategy().ok().map(|base| base.config_dir());
        Self::find(name_or_path, Path::new("."), config.as_deref())
    }

    /// [`Template::load`] with the working directory and the configuration folder given.
    pub(super) fn find(
        name_or_path: &str,
        working: &Path,
        config: Option<&Path>,
    ) -> Result<Self, PromptError> {
        if name_or_path.contains('/') || name_or_path.ends_with(".jinja") {
            return Self::read(name_or_path, working.join(name_or_path));
        }
        let file = format!("{name_or_path}.jinja");
        let found = folders(working, config).map(|folder| folder.join(&file)).find(|p| p.is_file());
        if let Some(path) = found {
            return Self::read(name_or_path, path);
        }
        match BUILT_IN.iter().find(|(name, _)| *name == name_or_path) {
            Some((name, source)) => Self::parse(name, (*source).to_owned(), Origin::BuiltIn),
            None => Err(PromptError::NotFound {
                name: name_or_path.to_owned(),
                built_in: built_in_names().collect::<Vec<_>>().join(", "),
            }),
        }
    }

    /// A template that stands in no file.
    ///
    /// # Errors
    /// Where its header or body is wrong.
    pub fn from_source(name: &str, source: &str) -> Result<Self, PromptError> {
        Self::parse(name, source.to_owned(), Origin::BuiltIn)
    }

    fn read(name: &str, path: PathBuf) -> Result<Self, PromptError> {
        match fs_err::read_to_string(&path) {
            Ok(source) => Self::parse(name, source, Origin::File(path)),
            Err(source) => Err(PromptError::Read { path, source }),
        }
    }

    /// Parses a template and tries it out.
    pub(super) fn parse(name: &str, source: String, origin: Origin) -> Result<Self, PromptError> {
        let (header, body, lines_above) = Header::split(name, &source)?;
        let name = name.to_owned();
        let env = environment(body).map_err(|error| body_error(&name, lines_above, &error))?;
        let body_start = source.len() - body.len();
        let mut template = Self {
            name,
            origin,
            header,
            source,
            lines_above,
            body_start,
            shows_gap: false,
            roles: vec![],
            env,
        };
        template.try_out()?;
        Ok(template)
    }

    /// Renders with made-up data and notes which messages the template has.
    fn try_out(&mut self) -> Result<(), PromptError> {
        let list = |n: usize| (0..n).map(|i| (format!("made up {i}"), Some(-0.5), None));
        let mut utterance = Utterance::from_list("made-up", list(self.header.max_hypotheses));
        utterance.reference = Some("made up".to_owned());
        let example = Example::new(utterance.clone());
        let examples: Vec<&Example> = example.iter().cycle().take(self.header.examples).collect();
        let made_up = |text: &str| text.to_owned();
        let gap = Gap {
            before: made_up("made up"),
            after: made_up("made up"),
            options: vec![made_up("made up 0"), made_up("made up 1")],
        };
        let classes = match &self.header.classes {
            Some(Classes::Listed(classes)) => classes.names().to_vec(),
            Some(Classes::FromData) => gap.options.clone(),
            None => Vec::new(),
        };
        let about = |gap| {
            let input = PromptInput {
                utterance: &utterance,
                max_hypotheses: self.header.max_hypotheses,
                examples: &examples,
                posterior: Posterior::default(),
                gap,
                classes: &classes,
            };
            self.variables(&input)
        };
        let variables = about(Some(&gap));
        // A template may need a gap, and fail without.
        let without = self.body(about(None)).ok();
        self.shows_gap = without != Some(self.body(variables.clone())?);
        if self.header.form == Form::Plain {
            self.body(variables)?;
            return Ok(());
        }
        self.roles = [Role::System, Role::User, Role::Assistant].into();
        let whole = self.body(variables.clone())?;
        let messages = self.blocks(variables)?;
        self.roles = messages.iter().map(|(role, _)| *role).collect();
        if !self.roles.contains(&Role::User) {
            return Err(PromptError::NoUserBlock { template: self.name.clone() });
        }
        let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
        let in_blocks: usize = messages.iter().map(|(_, text)| letters(text)).sum();
        if letters(&whole) != in_blocks {
            return Err(PromptError::TextOutsideBlocks { template: self.name.clone() });
        }
        Ok(())
    }

    /// What the body may name.
    fn variables(&self, input: &PromptInput<'_>) -> Value {
        input.variables(&self.source[self.body_start..])
    }

    /// Whether the prompt changes with the gap it is about, as the method `cloze` needs where
    /// it reads a label.
    #[must_use]
    pub fn shows_gap(&self) -> bool {
        self.shows_gap
    }

    /// What the template says about itself.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The whole file.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Where it was found.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// BLAKE3 of the whole file, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> String {
        blake3::hash(self.source.as_bytes()).to_hex().to_string()
    }

    /// Makes the prompt for one utterance. `chat` is the model's chat template; a template
    /// of form `plain` ignores it.
    ///
    /// # Errors
    /// Where the body fails on this utterance, a chat prompt has no chat template, or the
    /// chat template fails or changes the messages.
    pub fn render(
        &self,
        input: &PromptInput<'_>,
        chat: Option<&ChatTemplate>,
    ) -> Result<PromptText, PromptError> {
        match self.header.form {
            Form::Plain => {
                let mut prompt = PromptText::default();
                prompt.push_marked(&self.body(self.variables(input))?);
                Ok(prompt)
            }
            Form::Chat => {
                let chat = chat.ok_or_else(|| PromptError::NeedsChatTemplate {
                    template: self.name.clone(),
                })?;
                chat.prompt(self.blocks(self.variables(input))?)
            }
        }
    }

    /// The whole body, marked.
    fn body(&self, variables: Value) -> Result<String, PromptError> {
        let rendered = self.env.get_template(BODY).and_then(|body| body.render(variables));
        rendered.map_err(|error| self.error(&error))
    }

    /// The messages, marked, for those of `self.roles` that have a block.
    fn blocks(&self, variables: Value) -> Result<Vec<(Role, String)>, PromptError> {
        let body = self.env.get_template(BODY).map_err(|error| self.error(&error))?;
        let mut captured = body.render_captured(variables).map_err(|error| self.error(&error))?;
        let mut messages = Vec::new();
        for &role in &self.roles {
            match captured.with_state_mut(|state| state.render_block(role.as_str())) {
                Ok(text) => messages.push((role, text.trim().to_owned())),
                Err(error) if error.kind() == ErrorKind::UnknownBlock => {}
                Err(error) => return Err(self.error(&error)),
            }
        }
        Ok(messages)
    }

    fn error(&self, error: &Error) -> PromptError {
        body_error(&self.name, self.lines_above, error)
    }
}

/// An environment that holds the body of a template.
fn environment(body: &str) -> Result<Environment<'static>, Error> {
    let mut env = Environment::new();
    env.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_unknown_method_callback(unknown_method_callback);
    // Makes errors carry the expression that is undefined.
    env.set_debug(true);
    mark_printed_values(&mut env);
    env.add_template_owned(BODY, body.to_owned())?;
    Ok(env)
}

/// An error of a body that stands `lines_above` lines down in its file.
fn body_error(template: &str, lines_above: usize, error: &Error) -> PromptError {
    let template = template.to_owned();
    let line = lines_above + error.line().unwrap_or(1);
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    if error.kind() == ErrorKind::UndefinedError {
        PromptError::UnknownVariable { template, line, variable: detail }
    } else {
        PromptError::Body { template, line, message: detail }
    }
}
