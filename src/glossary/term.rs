//! One line of a glossary.

/// A name or term, and how it is misheard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// As it is to be written.
    pub text: String,
    /// What a recogniser writes for it.
    pub sounds_like: Vec<String>,
}

impl Term {
    /// Reads a line; else what is wrong with it.
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        let (text, forms) = match line.split_once('\t').or_else(|| line.split_once(" = ")) {
            Some((text, forms)) => (text.trim(), forms),
            None if line.starts_with("= ") => ("", ""),
            None => (line, ""),
        };
        if text.is_empty() {
            return Err("there is no term before its misheard forms".into());
        }
        let tidy = |form: &str| form.split_whitespace().collect::<Vec<_>>().join(" ");
        let sounds_like = forms.split(',').map(tidy).filter(|form| !form.is_empty()).collect();
        Ok(Self { text: tidy(text), sounds_like })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_stand_behind_a_tab_or_an_equals_sign() {
        let term = |text: &str, forms: &[&str]| Term {
            text: text.into(),
            sounds_like: forms.iter().map(|form| (*form).to_owned()).collect(),
        };
        assert_eq!(Term::parse("San  Jose").unwrap(), term("San Jose", &[]));
        assert_eq!(
            Term::parse("C++ = see  plus, sea +,").unwrap(),
            term("C++", &["see plus", "sea +"])
        );
        assert_eq!(Term::parse("x=y\tex why").unwrap(), term("x=y", &["ex why"]));
        assert!(Term::parse("= a").is_err());
    }
}
