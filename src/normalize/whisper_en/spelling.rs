//! British spellings and their American counterparts: a core list.
//!
//! Families are given by their stem and formed with the endings that occur, so the list
//! stays short enough to read: `-our` (colour), `-ise` and `-yse` (organise, analyse),
//! `-re` (centre), doubled consonants (travelled), `-ce` (defence), `ae` and `oe`
//! (anaesthetic, oestrogen), `-ogue`, and single words.

use std::sync::LazyLock;

use crate::normalize::WordMap;

/// The American spelling of a word, or the word itself.
pub(super) fn american(word: &str) -> &str {
    SPELLINGS.get(word).map_or(word, String::as_str)
}

/// `-our` becomes `-or`.
const OUR: &[(&str, &str)] = &[
    ("arm", " s ed ing er ers y ies"),
    ("ard", ""),
    ("behavi", " s al ally"),
    ("cand", ""),
    ("clam", " s ed ing"),
    ("col", " s ed ing ful fully less ings"),
    ("demean", ""),
    ("discol", " s ed ing"),
    ("disfav", ""),
    ("dishon", " s ed ing able ably"),
    ("endeav", " s ed ing"),
    ("fav", " s ed ing able ably ite ites itism"),
    ("ferv", ""),
    ("flav", " s ed ing ings less"),
    ("harb", " s ed ing"),
    ("hon", " s ed ing able ably"),
    ("hum", " s ed ing less"),
    ("lab", " s ed ing er ers"),
    ("misbehavi", ""),
    ("misdemean", " s"),
    ("neighb", " s ed ing hood hoods ly"),
    ("od", " s less"),
    ("parl", " s"),
    ("ranc", ""),
    ("rig", " s"),
    ("rum", " s ed"),
    ("savi", " s"),
    ("sav", " s ed ing y ies"),
    ("splend", " s"),
    ("succ", " ed ing"),
    ("tum", " s"),
    ("unfav", "able ably"),
    ("val", ""),
    ("vap", " s"),
    ("vig", ""),
];

/// `-ise` becomes `-ize`, with the verb's forms.
const ISE: &str = "agon antagon apolog author brutal capital categor central character civil colon \
    commercial computer conceptual contextual criminal critic crystall custom decentral \
    democrat demon demoral desensit destabil digit dramat econom emphas energ epitom equal \
    eulog exorc external familiar fantas fertil final formal fossil galvan general glamor \
    global harmon homogen hospital human hypnot hypothes ideal idol immortal immun \
    individual industrial initial institutional internal international ion italic item \
    jeopard legal legitim liberal liquid local magnet marginal material maxim mechan memor \
    memorial mesmer metabol militar minim mobil modern moistur monopol moral national \
    natural neutral normal optim organ ostrac oxid patron penal philosoph plagiar polar \
    politic popular pressur priorit privat public radical random rational real recogn \
    regular reorgan revital revolution romantic sanit scrutin sensational sensit serial \
    social solemn special stabil standard steril stigmat subsid summar symbol sympath \
    synchron synthes tantal terror theor traumat trivial union urban util vandal vapor \
    verbal victim visual vocal vulgar western";

/// `-yse` becomes `-yze`.
const YSE: &str = "anal catal paral";

/// `-re` becomes `-er`.
const RE: &[(&str, &str)] = &[
    ("calib", "re res"),
    ("cent", "re res"),
    ("fib", "re res"),
    ("lit", "re res"),
    ("lust", "re"),
    ("met", "re res"),
    ("amphitheat", "re res"),
    ("epicent", "re res"),
    ("centimet", "re res"),
    ("kilomet", "re res"),
    ("millimet", "re res"),
    ("sab", "re res"),
    ("somb", "re"),
    ("spect", "re res"),
    ("theat", "re res"),
    ("meag", "re"),
];

/// A final `l` is not doubled before these endings.
const DOUBLED: &[(&str, &str)] = &[
    ("cancel", "led ling"),
    ("channel", "led ling"),
    ("chisel", "led ling"),
    ("counsel", "led ling lor lors"),
    ("dial", "led ling"),
    ("duel", "led ling"),
    ("enamel", "led ling"),
    ("grovel", "led ling"),
    ("funnel", "led ling"),
    ("initial", "led ling"),
    ("jewel", "ler lers"),
    ("label", "led ling"),
    ("level", "led ling"),
    ("libel", "led ling lous"),
    ("marvel", "led ling lous lously"),
    ("model", "led ling ler lers"),
    ("panel", "led ling"),
    ("parcel", "led ling"),
    ("pedal", "led ling"),
    ("pencil", "led ling"),
    ("quarrel", "led ling"),
    ("refuel", "led ling"),
    ("remodel", "led ling"),
    ("revel", "led ling ler lers"),
    ("rival", "led ling"),
    ("shovel", "led ling"),
    ("shrivel", "led ling"),
    ("signal", "led ling"),
    ("snorkel", "led ling"),
    ("spiral", "led ling"),
    ("towel", "led ling"),
    ("travel", "led ling ler lers"),
    ("tunnel", "led ling"),
    ("unravel", "led ling"),
];

/// Pairs that follow no family.
const SINGLE: &[(&str, &str)] = &[
    ("aeroplane", "airplane"),
    ("aeroplanes", "airplanes"),
    ("aesthetic", "esthetic"),
    ("ageing", "aging"),
    ("aluminium", "aluminum"),
    ("anaemia", "anemia"),
    ("anaemic", "anemic"),
    ("anaesthesia", "anesthesia"),
    ("anaesthetic", "anesthetic"),
    ("anaesthetics", "anesthetics"),
    ("analogue", "analog"),
    ("analogues", "analogs"),
    ("appal", "appall"),
    ("archaeology", "archeology"),
    ("archaeologist", "archeologist"),
    ("archaeologists", "archeologists"),
    ("artefact", "artifact"),
    ("artefacts", "artifacts"),
    ("axe", "ax"),
    ("cancelation", "cancellation"),
    ("catalogue", "catalog"),
    ("catalogued", "cataloged"),
    ("catalogues", "catalogs"),
    ("cheque", "check"),
    ("cheques", "checks"),
    ("chequebook", "checkbook"),
    ("cosy", "cozy"),
    ("defence", "defense"),
    ("defences", "defenses"),
    ("dialogue", "dialog"),
    ("dialogues", "dialogs"),
    ("diarrhoea", "diarrhea"),
    ("draught", "draft"),
    ("draughts", "drafts"),
    ("encyclopaedia", "encyclopedia"),
    ("enrol", "enroll"),
    ("epilogue", "epilog"),
    ("fibreglass", "fiberglass"),
    ("foetus", "fetus"),
    ("fulfil", "fulfill"),
    ("fulfils", "fulfills"),
    ("fulfilment", "fulfillment"),
    ("gaol", "jail"),
    ("grey", "gray"),
    ("greys", "grays"),
    ("gynaecologist", "gynecologist"),
    ("haemoglobin", "hemoglobin"),
    ("haemorrhage", "hemorrhage"),
    ("instalment", "installment"),
    ("instalments", "installments"),
    ("instil", "instill"),
    ("jewellery", "jewelry"),
    ("judgement", "judgment"),
    ("leukaemia", "leukemia"),
    ("licence", "license"),
    ("licences", "licenses"),
    ("manoeuvre", "maneuver"),
    ("manoeuvred", "maneuvered"),
    ("manoeuvres", "maneuvers"),
    ("manoeuvring", "maneuvering"),
    ("monologue", "monolog"),
    ("mould", "mold"),
    ("moulds", "molds"),
    ("mouldy", "moldy"),
    ("moustache", "mustache"),
    ("oesophagus", "esophagus"),
    ("oestrogen", "estrogen"),
    ("offence", "offense"),
    ("offences", "offenses"),
    ("omelette", "omelet"),
    ("omelettes", "omelets"),
    ("orthopaedic", "orthopedic"),
    ("paediatric", "pediatric"),
    ("paediatrician", "pediatrician"),
    ("paediatrics", "pediatrics"),
    ("plough", "plow"),
    ("ploughed", "plowed"),
    ("ploughing", "plowing"),
    ("ploughs", "plows"),
    ("practise", "practice"),
    ("practised", "practiced"),
    ("practises", "practices"),
    ("practising", "practicing"),
    ("pretence", "pretense"),
    ("prologue", "prolog"),
    ("programme", "program"),
    ("programmes", "programs"),
    ("pyjamas", "pajamas"),
    ("sceptic", "skeptic"),
    ("sceptical", "skeptical"),
    ("scepticism", "skepticism"),
    ("sceptics", "skeptics"),
    ("smoulder", "smolder"),
    ("smouldering", "smoldering"),
    ("storey", "story"),
    ("storeys", "stories"),
    ("sulphur", "sulfur"),
    ("tyre", "tire"),
    ("tyres", "tires"),
    ("woollen", "woolen"),
    ("yoghurt", "yogurt"),
    ("yoghurts", "yogurts"),
];

static SPELLINGS: LazyLock<WordMap<String, String>> = LazyLock::new(|| {
    let mut spellings = WordMap::default();
    let mut add = |british: String, american: String| spellings.insert(british, american);
    for (stem, endings) in OUR {
        for ending in endings.split(' ') {
            add(format!("{stem}our{ending}"), format!("{stem}or{ending}"));
        }
    }
    for (stems, letter, endings) in [
        (ISE, 'i', &["e", "es", "ed", "ing", "er", "ers", "ation", "ations"][..]),
        (YSE, 'y', &["e", "es", "ed", "ing", "er", "ers"]),
    ] {
        for stem in stems.split_whitespace() {
            for ending in endings {
                add(format!("{stem}{letter}s{ending}"), format!("{stem}{letter}z{ending}"));
            }
        }
    }
    for (stem, endings) in RE {
        for ending in endings.split(' ') {
            add(format!("{stem}{ending}"), format!("{stem}er{}", &ending[2..]));
        }
    }
    for (stem, endings) in DOUBLED {
        for ending in endings.split(' ') {
            add(format!("{stem}{ending}"), format!("{stem}{}", &ending[1..]));
        }
    }
    for (british, american) in SINGLE {
        add((*british).to_owned(), (*american).to_owned());
    }
    spellings
});
