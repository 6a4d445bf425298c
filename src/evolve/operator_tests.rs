//! Properties of the operators: whatever they do, a template comes of it.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::blocks::Start;
use super::breed::Breeder;
use super::fixtures::{load, marked, space};
use super::genome::{Genome, Part};
use super::operators::Operators;
use super::sentences::{Sentence, join};
use super::settings::SettingsSpace;
use super::variants::Variants;
use crate::prompt::{Template, built_in_names};

/// All templates that come with `gec`, and a marked one.
fn starts(variants: &Variants) -> Vec<Start> {
    let mut sources: Vec<(&str, String)> = built_in_names()
        .map(|name| (name, Template::load(name).unwrap().source().to_owned()))
        .collect();
    sources.push(("marked", marked()));
    let start = |(name, source): (&str, String)| Start::divide(name, &source, variants).unwrap();
    sources.into_iter().map(start).collect()
}

fn breeder<'s>(operators: Operators<'s>, seed: u64) -> Breeder<'s, 'static> {
    Breeder {
        operators,
        check: &load,
        rng: ChaCha8Rng::seed_from_u64(seed),
        tournament: 2,
        crossover: 0.6,
        mutation: 0.5,
        seen: BTreeSet::new(),
        invalid: 0,
        duplicates: 0,
    }
}

#[test]
fn every_variant_of_a_block_loads_in_a_marked_template() {
    let variants = Variants::built_in().unwrap();
    let start = Start::divide("marked", &marked(), &variants).unwrap();
    let mut loaded = 0;
    for (at, kind) in start.kinds().enumerate() {
        for text in variants.blocks(kind, start.header().output) {
            let mut genome = Genome::of(&start, &space());
            genome.parts[at] = Part::Text(text.to_owned());
            genome.settings.examples = 2;
            assert_eq!(load(&genome.source()), Ok(()), "{text}");
            loaded += 1;
        }
    }
    assert!(loaded >= 15, "{loaded}");
}

#[test]
fn an_invalid_child_is_given_its_parents_parts_back() {
    let variants = Variants::built_in().unwrap();
    // The list of the first uses a macro that the second does not have.
    let with_macro = marked().replace(
        "{% block system %}",
        "{% macro quote(text) %}'{{ text }}'{% endmacro %}\n{% block system %}",
    );
    let with_macro = with_macro.replace("{{ hypothesis.text }}", "{{ quote(hypothesis.text) }}");
    let two: Vec<Start> = [("macro", with_macro), ("marked", marked())]
        .iter()
        .map(|(name, source)| Start::divide(name, source, &variants).unwrap())
        .collect();
    let space = space();
    let operators = Operators { starts: &two, variants: &variants, space: &space };
    let mut breeder = breeder(operators, 1);
    let genomes: Vec<Genome<'_>> = two.iter().map(|start| Genome::of(start, &space)).collect();
    let population: Vec<&Genome<'_>> = genomes.iter().collect();
    for _ in 0..60 {
        let child = breeder.child(&population).unwrap();
        assert_eq!(load(&child.candidate.source), Ok(()));
    }
    assert!(breeder.invalid > 0);
}

#[test]
fn crossover_says_nothing_twice() {
    let variants = Variants::built_in().unwrap();
    let starts = starts(&variants);
    let space = space();
    let operators = Operators { starts: &starts, variants: &variants, space: &space };
    let of =
        |name: &str| Genome::of(starts.iter().find(|start| start.name() == name).unwrap(), &space);
    let (first, second) = (of("zero-shot"), of("few-shot"));
    for seed in 0..50 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let child = operators.recombine(&mut rng, &first, &second);
        let texts: Vec<&str> = child.sentences().map(|one| one.text.as_str()).collect();
        let distinct: BTreeSet<&str> = texts.iter().copied().collect();
        assert_eq!(distinct.len(), texts.len(), "{texts:?}");
        assert!(!texts.is_empty());
    }
}

#[test]
fn a_template_without_blocks_varies_by_its_settings() {
    let variants = Variants::built_in().unwrap();
    let micro = Template::load("gec-micro").unwrap();
    let start = Start::divide("gec-micro", micro.source(), &variants).unwrap();
    let space = space();
    let operators =
        Operators { starts: std::slice::from_ref(&start), variants: &variants, space: &space };
    let mut breeder = breeder(operators, 1);
    let genome = Genome::of(&start, &space);
    breeder.seen.insert(genome.candidate().hash);
    let mut found = BTreeSet::new();
    while let Some(child) = breeder.child(&[&genome]) {
        assert!(child.candidate.source.contains("<|hyp|> {{ hypothesis.text }}"));
        found.insert(child.genome.settings.hypotheses);
    }
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [1, 3, 10]);
}

#[test]
fn nothing_to_choose_among_changes_nothing() {
    let variants = Variants::default();
    let space = SettingsSpace { examples: vec![], selections: vec![], hypotheses: vec![5] };
    let micro = Template::load("gec-micro").unwrap();
    let start = Start::divide("gec-micro", micro.source(), &variants).unwrap();
    let starts = std::slice::from_ref(&start);
    let operators = Operators { starts, variants: &variants, space: &space };
    let genome = Genome::of(&start, &space);
    let mut breeder = breeder(operators, 1);
    breeder.seen.insert(genome.candidate().hash);
    assert!(breeder.child(&[&genome]).is_none());
    assert!(breeder.child(&[]).is_none());
}

#[test]
fn only_sentences_without_jinja_are_rewritten() {
    let variants = Variants::built_in().unwrap();
    let source = marked().replace("most likely said.", "said {{ distinct }} times.");
    let start = Start::divide("mine", &source, &variants).unwrap();
    let space = space();
    let starts = std::slice::from_ref(&start);
    let mut breeder = breeder(Operators { starts, variants: &variants, space: &space }, 3);
    let genome = Genome::of(&start, &space);
    for _ in 0..30 {
        let request = breeder.request(&[&genome]).unwrap();
        assert!(!request.text.contains("distinct"), "{}", request.text);
        let child = breeder.rewritten(&[&genome], &request, format!("Say {}.", request.seed));
        let child = child.unwrap();
        assert!(!child.candidate.source.contains(&request.text));
        assert!(child.candidate.source.contains(&format!("Say {}.", request.seed)));
    }
}

fn is_in_order(genome: &Genome<'_>) -> bool {
    genome.parts().iter().all(|part| match part {
        Part::Sentences(sentences) => {
            let whole = join(sentences);
            let has = |one: &Sentence| whole.contains(&one.text) && !one.text.is_empty();
            !sentences.is_empty() && sentences.iter().all(has)
        }
        Part::Text(_) => true,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn children_of_all_shipped_templates_are_valid(seed in 0_u64..10_000) {
        let variants = Variants::built_in().unwrap();
        let starts = starts(&variants);
        let space = space();
        let operators = Operators { starts: &starts, variants: &variants, space: &space };
        let mut breeder = breeder(operators, seed);
        let mut genomes: Vec<Genome<'_>> =
            starts.iter().map(|start| Genome::of(start, &space)).collect();
        for _ in 0..20 {
            let population: Vec<&Genome<'_>> = genomes.iter().collect();
            let child = breeder.child(&population).unwrap();
            prop_assert_eq!(load(&child.candidate.source), Ok(()));
            prop_assert!(is_in_order(&child.genome));
            // A child can be read again, as the file that a caller writes.
            let again = Start::divide("again", &child.candidate.source, &variants).unwrap();
            prop_assert_eq!(Genome::of(&again, &space).source(), child.candidate.source);
            genomes.push(child.genome);
        }
    }

    #[test]
    fn a_mutation_changes_one_part_or_one_setting(seed in 0_u64..10_000) {
        let variants = Variants::built_in().unwrap();
        let start = Start::divide("marked", &marked(), &variants).unwrap();
        let space = space();
        let starts = std::slice::from_ref(&start);
        let operators = Operators { starts, variants: &variants, space: &space };
        let before = Genome::of(&start, &space);
        let mut after = before.clone();
        let changed = operators.mutate(&mut ChaCha8Rng::seed_from_u64(seed), &mut after);
        let parts = before.parts().iter().zip(after.parts()).filter(|(a, b)| a != b).count();
        let settings = usize::from(before.settings != after.settings);
        // A sentence can be moved to where it was.
        prop_assert!(parts + settings <= usize::from(changed));
    }
}
