//! Chat templates in the formats of well-known model families, in our own short wording.

use super::*;

const CHATML: &str = "{%- for m in messages %}
{{- '<|im_start|>' + m.role + '\\n' + m['content']|trim + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|im_start|>assistant\\n' }}
{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{% endif %}
{%- endif %}
";

const LLAMA2: &str = "{% if messages[0]['role'] == 'system' %}\
{% set rest = messages[1:] %}{% set system = '<<SYS>>\\n' + messages[0]['content'] + '\\n<</SYS>>\\n\\n' %}\
{% else %}{% set rest = messages %}{% set system = '' %}{% endif %}\
{% for m in rest %}\
{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}\
{% if m['role'] == 'user' %}{{ bos_token + '[INST] ' + (system if loop.first else '') + m['content'].strip() + ' [/INST]' }}\
{% else %}{{ ' ' + m['content'].strip() + ' ' + eos_token }}{% endif %}{% endfor %}";

const LLAMA3: &str = "{{- bos_token }}
{%- if not tools is defined %}{%- set tools = none %}{%- endif %}
{%- if strftime_now is defined %}{%- set today = strftime_now('%d %b %Y') %}{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}{%- set messages = messages[1:] %}
{%- else %}{%- set system_message = '' %}{%- endif %}
{{- '<|start_header_id|>system<|end_header_id|>\\n\\nToday: ' + today + '\\n\\n' + system_message + '<|eot_id|>' }}
{%- for m in messages %}
    {%- if tools is not none %}{{ tools|tojson(indent=4) }}{% endif %}
    {%- if not (m.role == 'ipython' or 'tool_calls' in m) %}
        {{- '<|start_header_id|>' + m['role'] + '<|end_header_id|>\\n\\n' + m['content']|trim + '<|eot_id|>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}";

const GEMMA: &str = "{{ bos_token }}{% if messages[0]['role'] == 'system' %}\
{{ raise_exception('no system role') }}{% endif %}{% for m in messages %}\
{% set role = 'model' if m['role'] == 'assistant' else m['role'] %}\
{{ '<start_of_turn>' + role + '\\n' + m['content'] | trim + '<end_of_turn>\\n' }}{% endfor %}\
{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}";

/// Puts the system text before the last user message only.
const MISTRAL: &str = "{%- set ns = namespace(system='') -%}
{%- for m in messages if m.role == 'system' -%}{%- set ns.system = m.content + '\\n\\n' -%}{%- break -%}{%- endfor -%}
{{- bos_token -}}
{%- for m in messages -%}
{%- if m.role == 'system' -%}{%- continue -%}{%- endif -%}
{%- if m.role == 'user' -%}{{- '[INST] ' ~ (ns.system if loop.last else '') ~ m.content ~ ' [/INST]' -}}
{%- else -%}{{- ' ' ~ m.content ~ eos_token -}}{%- endif -%}
{%- endfor -%}";

/// Knows no system role and drops what it does not know.
const PHI3: &str = "{{ bos_token }}{% for m in messages %}\
{% if m['role'] == 'user' %}{{ '<|user|>' + '\\n' + m['content'] + '<|end|>' + '\\n' }}\
{% elif m['role'] == 'assistant' %}{% generation %}{{ m['content'] + '<|end|>\\n' }}{% endgeneration %}\
{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% else %}{{ eos_token }}{% endif %}";

fn chat(source: &str) -> ChatTemplate {
    ChatTemplate::new(source, "<s>", "</s>").unwrap()
}

fn message(role: Role, content: &str) -> Message {
    Message { role, content: content.to_owned() }
}

fn conversation() -> [Message; 2] {
    [message(Role::System, "be brief"), message(Role::User, "hello")]
}

#[test]
fn templates_with_a_system_role_use_it() {
    let expected = [
        (
            CHATML,
            "<|im_start|>system\nbe brief<|im_end|>\n<|im_start|>user\nhello<|im_end|>\n\
             <|im_start|>assistant\n<think>\n\n</think>\n\n",
        ),
        (LLAMA2, "<s>[INST] <<SYS>>\nbe brief\n<</SYS>>\n\nhello [/INST]"),
        (
            LLAMA3,
            "<s><|start_header_id|>system<|end_header_id|>\n\nToday: 01 Jan 2025\n\nbe brief\
             <|eot_id|><|start_header_id|>user<|end_header_id|>\n\nhello<|eot_id|>\
             <|start_header_id|>assistant<|end_header_id|>\n\n",
        ),
        (MISTRAL, "<s>[INST] be brief\n\nhello [/INST]"),
    ];
    for (source, expected) in expected {
        let chat = chat(source);
        assert!(chat.takes_system(), "{source}");
        assert_eq!(chat.render(&conversation(), true).unwrap(), expected);
    }
}

#[test]
fn without_a_system_role_its_text_goes_before_the_users() {
    for (source, expected) in [
        (GEMMA, "<s><start_of_turn>user\nbe brief\n\nhello<end_of_turn>\n<start_of_turn>model\n"),
        (PHI3, "<s><|user|>\nbe brief\n\nhello<|end|>\n<|assistant|>\n"),
    ] {
        let chat = chat(source);
        assert!(!chat.takes_system(), "{source}");
        assert_eq!(chat.render(&conversation(), true).unwrap(), expected);
    }
}

#[test]
fn a_finished_conversation_needs_no_generation_prompt() {
    let messages = [message(Role::User, "hi"), message(Role::Assistant, "ho")];
    let text = chat(PHI3).render(&messages, false).unwrap();
    assert_eq!(text, "<s><|user|>\nhi<|end|>\nho<|end|>\n</s>");
}

#[test]
fn a_broken_chat_template_says_so() {
    let error = |source: &str| ChatTemplate::new(source, "", "").unwrap_err();
    assert!(matches!(error("{% for m in"), PromptError::Chat { line: Some(1), .. }));
    assert!(matches!(error("no messages at all"), PromptError::ChatLostText));
    let refused = error("\n{{ raise_exception('never') }}");
    assert_eq!(refused.to_string(), "the model's chat template, line 2: never");
    assert!(refused.hint().is_some_and(|hint| hint.contains("plain-few-shot")));
    let messages = [message(Role::Assistant, "first")];
    let order = chat(LLAMA2).render(&messages, true).unwrap_err();
    assert!(order.to_string().contains("roles must alternate"));
}

/// Whatever a chat template does with messages, it cannot change, drop or vouch for data.
#[test]
fn data_passes_through_every_chat_template_untouched() {
    let data = " [INST] <|im_end|>\n <think>x</think> {{ bos_token }} ";
    for source in [CHATML, LLAMA2, LLAMA3, GEMMA, MISTRAL, PHI3] {
        let user = format!("{OPEN}{data}{CLOSE} and {OPEN}7{CLOSE}");
        let marked = vec![
            (Role::System, "be brief".to_owned()),
            (Role::User, user),
            (Role::Assistant, format!("So {OPEN}it{CLOSE}")),
        ];
        let prompt = chat(source).prompt(marked).unwrap();
        let found: Vec<&str> =
            prompt.untrusted.iter().map(|range| &prompt.text[range.clone()]).collect();
        assert_eq!(found, [data, "7", "it"], "{source}");
        assert!(prompt.text.ends_with("So it"), "{source}");
        assert!(!prompt.text.contains([OPEN, CLOSE]), "{source}");
    }
}

#[test]
fn a_chat_template_that_loses_data_is_an_error() {
    let cut = "{% for m in messages %}{{ m.content[:7] }}{% endfor %}";
    let user = format!("guesses {OPEN}one{CLOSE}");
    let error = chat(cut).prompt(vec![(Role::User, user)]).unwrap_err();
    assert!(matches!(error, PromptError::ChatLostText));
}

#[test]
fn only_the_generation_tag_itself_is_replaced() {
    let source = "{%- generation -%}{{ generation }}{% generation_x %}{% endgeneration %}{% x";
    assert_eq!(
        without_generation_tags(source),
        "{%- if true -%}{{ generation }}{% generation_x %}{% endif %}{% x"
    );
}
