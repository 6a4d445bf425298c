use super::super::WHISPER_EN;

fn check(cases: &[(&str, &str)]) {
    for (text, normal) in cases {
        assert_eq!(WHISPER_EN.normalize(text), *normal, "{text:?}");
    }
}

#[test]
fn case_punctuation_and_spaces_go() {
    check(&[
        ("", ""),
        ("  ?! ", ""),
        ("Show me, please: the FLIGHTS!", "show me please the flights"),
        ("well-known; co/op", "well known co op"),
        ("wait... what", "wait what"),
        ("the end.", "the end"),
        ("tab\tand\nline", "tab and line"),
    ]);
}

#[test]
fn brackets_go_with_their_content() {
    check(&[
        ("[laughter] fine <noise> (coughs) then", "fine then"),
        ("a [b c", "a b c"),
        ("(a) b (c", "b c"),
        ("call() it", "call it"),
        ("x [y> z", "x z"),
    ]);
}

#[test]
fn fillers_go_only_as_words() {
    check(&[
        ("Hmm, uh, I um think mhm mmm so", "i think so"),
        ("umbrella hummus", "umbrella hummus"),
        ("20mm", "20 mm"),
        ("20 mm", "20"),
    ]);
}

#[test]
fn contractions_are_written_out() {
    check(&[
        ("I won't, can't and shan't", "i will not can not and sha not"),
        ("let's say y'all ain't", "let us say you all aint"),
        ("they're we've I'm he'll she'd it's", "they are we have i am he will she would it is"),
        ("she's been there, he'd gone, it's got", "she has been there he had gone it has got"),
        ("he 's late", "he is late"),
        ("they shouldn't've", "they should not have"),
        ("i'ma gonna wanna gotta", "i am going to going to want to got to"),
        ("woulda coulda shoulda", "would have could have should have"),
        ("yes ma'am", "yes madam"),
        ("rock 'n' roll", "rock n roll"),
    ]);
}

#[test]
fn titles_are_written_out_only_as_words() {
    check(&[
        ("Mr. Smith and Mrs Jones", "mister smith and missus jones"),
        ("Dr. St. John Jr.", "doctor saint john junior"),
        ("Prof. Lt. Col. Gen. Sen. Rev.", "professor lieutenant colonel general senator reverend"),
        ("21st street", "21st street"),
        ("drive first", "drive 1st"),
    ]);
}

#[test]
fn number_words_become_digits() {
    check(&[
        ("thirty six", "36"),
        ("thirty-six", "36"),
        ("one", "one"),
        ("zero", "0"),
        ("eleven", "11"),
        ("one hundred twenty three", "123"),
        ("one hundred and five", "105"),
        ("forty three thousand two hundred and sixty", "43260"),
        ("three million two hundred thousand", "3200000"),
        ("bread and butter", "bread and butter"),
        ("two and three", "2 and 3"),
    ]);
}

#[test]
fn digits_said_one_by_one_are_written_one_by_one() {
    check(&[
        ("nine one one", "911"),
        ("double oh seven", "007"),
        ("two triple five", "2555"),
        ("seven forty seven", "747"),
        ("nineteen ninety nine", "1999"),
        ("twenty twenty one", "2021"),
        ("nineteen oh five", "1905"),
        ("double trouble", "double trouble"),
    ]);
}

#[test]
fn decimals_and_halves_are_one_number() {
    check(&[
        ("three point one four", "3.14"),
        ("3 point 14", "3.14"),
        ("two point five million", "2500000"),
        ("three and a half million", "3500000"),
        ("ten and a half", "10.5"),
        ("an hour and a half", "an hour and a half"),
        ("the point is", "the point is"),
        ("3.0", "3"),
        ("192.168", "192.168"),
    ]);
}

#[test]
fn ordinals_and_plurals_keep_their_ending() {
    check(&[
        ("first second third fourth fifth", "1st 2nd 3rd 4th 5th"),
        ("eighth ninth nineth twelfth", "8th 9th 9th 12th"),
        ("twenty first", "21st"),
        ("thirty third", "33rd"),
        ("two hundredth", "200th"),
        ("nineteen sixties", "1960s"),
        ("sixes and sevens", "6s and 7s"),
        ("10 th", "10th"),
        ("the 1990 s", "the 1990s"),
        ("millions", "1000000s"),
        ("twentieth", "20th"),
    ]);
}

#[test]
fn currencies_and_percent_signs_stand_at_their_number() {
    check(&[
        ("two hundred dollars", "$200"),
        ("$20 million", "$20000000"),
        ("five pounds", "£5"),
        ("ten euros", "€10"),
        ("two dollars and seventy cents", "$2.70"),
        ("three dollars five cents", "$3.05"),
        ("$0.36", "¢36"),
        ("thirty cents", "¢30"),
        ("ninety percent", "90%"),
        ("five per cent", "5%"),
        ("a hundred %", "a 100"),
        ("dollars and cents", "dollars and cents"),
        ("ten per person", "10 per person"),
        ("cash $ only", "cash only"),
    ]);
}

#[test]
fn signs_are_written_before_a_number() {
    check(&[
        ("minus five", "-5"),
        ("plus 20", "+20"),
        ("negative feedback", "negative feedback"),
        ("plus and minus", "plus and minus"),
        ("positive twenty thousand", "+20000"),
    ]);
}

#[test]
fn separators_inside_numbers_go() {
    check(&[("10,000 people", "10000 people"), ("1,234,567", "1234567"), ("yes, 5", "yes 5")]);
}

#[test]
fn letters_and_digits_are_parted() {
    check(&[("b747", "b 747"), ("3pm", "3 pm"), ("10km", "10 km"), ("mp3s", "mp 3s")]);
}

#[test]
fn one_alone_is_a_word() {
    check(&[("1", "one"), ("the ones", "the ones"), ("1s", "ones"), ("11", "11")]);
}

#[test]
fn diacritics_go() {
    check(&[
        ("Café naïve façade", "cafe naive facade"),
        ("Øre, Straße, œuvre", "ore strasse oeuvre"),
    ]);
}

#[test]
fn british_spellings_become_american() {
    check(&[
        ("the colour of my favourite neighbour", "the color of my favorite neighbor"),
        ("organise analysed organisations", "organize analyzed organizations"),
        ("travelling to the city centre theatre", "traveling to the city center theater"),
        ("grey programme licence tyres", "gray program license tires"),
        ("our hour four advise wise exercise", "our hour 4 advise wise exercise"),
    ]);
}

#[test]
fn numbers_too_great_to_hold_stay_digits() {
    check(&[
        ("99999999999999999999999999999999999999999", "99999999999999999999999999999999999999999"),
        ("one decillion", "1000000000000000000000000000000000"),
    ]);
    // A product that no integer holds is left as the two numbers it was said as.
    check(&[("123456789.5 decillion", "123456789.5 1000000000000000000000000000000000")]);
}
