"""A server with OpenAI's interface and a model of three rules, which can be made to fail.

It prints its port on one line and ends when its standard input does. What it does is set by
`POST /control` with any of these fields, and what it saw is told by `GET /stats`:

flavour  `vllm` (both interfaces, echo), `llama` (both, echo left aside, log-probabilities of
         chats everywhere, `/props`), `ollama` (no log-probabilities), `chat` (no completions),
         `strict` (status 400 for fields it does not know: echo, more than 5 log-probabilities)
models   names that `/v1/models` lists
key      the key that requests must carry
delay    seconds that every answer takes
faults   a list, one for each coming request to a model: an object with one of `status` (and
         `retry_after`, `says`, `location`), `sleep`, `cut` (the body ends too early),
         `truncate` (half the JSON), `reset`, `html`, `body` (sent as it is); null for none.
         `times` repeats it.

The model repairs the first hypothesis it is shown (lines `1. ...`): `bosting` becomes `boston`.
Shown labels (lines `A: ...`), it prefers the first whose text holds `boston`. Its tokens are at
most four characters; the natural log-probability of a token is -((sum of its bytes) mod 7 + 1)
/ 8, whatever stands before it.
"""

import json
import re
import socket
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOCK = threading.Lock()
STATE = {
    "flavour": "vllm",
    "models": ["tiny"],
    "key": None,
    "delay": 0.0,
    "faults": [],
}
SEEN = {"requests": [], "in_flight": 0, "most_in_flight": 0}


def tokens_of(text):
    return re.findall(r"\n| ?[^ \n]{1,4}| ", text)


def logprob(token):
    return -((sum(token.encode()) % 7) + 1) / 8


def repaired(prompt):
    labels = re.findall(r"^([A-Z]): (.*)$", prompt, re.MULTILINE)
    if labels:
        return next((name for name, text in labels if "boston" in text), labels[0][0])
    shown = re.findall(r"^1\. (.*)$", prompt, re.MULTILINE)
    return shown[-1].replace("bosting", "boston") if shown else "yes"


def top(token, prompt, count):
    labels = re.findall(r"^([A-Z]): ", prompt, re.MULTILINE)
    if token in labels:
        others = [name for name in labels if name != token]
        found = {token: -0.25, " " + token: -3.0}
        found.update({name: -2.0 - at for at, name in enumerate(others)})
    else:
        found = {token: logprob(token), "~": logprob(token) - 1.0}
    return dict(list(found.items())[:count])


def told(tokens, prompt, count, chat_shape, first_unknown):
    if chat_shape:
        entry = lambda token, value: {
            "token": token,
            "logprob": value,
            "bytes": list(token.encode()),
        }
        return {
            "content": [
                dict(
                    entry(token, logprob(token)),
                    top_logprobs=[entry(*one) for one in top(token, prompt, count).items()],
                )
                for token in tokens
            ]
        }
    values = [logprob(token) for token in tokens]
    tops = [top(token, prompt, count) for token in tokens]
    if first_unknown:
        values[0] = tops[0] = None
    return {
        "tokens": tokens,
        "token_logprobs": values,
        "top_logprobs": tops,
        "text_offset": [0] * len(tokens),
    }


def choice(index, body, prompt, chat, flavour):
    answer = repaired(prompt)
    tokens = tokens_of(answer) + ["\n"]
    limit = body.get("max_tokens", 16)
    finish, text = "stop", answer
    if len(tokens) > limit:
        finish, tokens = "length", tokens[:limit]
        text = "".join(tokens)
    made = {"index": index, "finish_reason": finish}
    if flavour == "vllm":
        made["stop_reason"] = "\n" if finish == "stop" and body.get("stop") else None
    count = body.get("top_logprobs", 0) if chat else body.get("logprobs", 0)
    wanted = body.get("logprobs") and flavour != "ollama"
    echo = bool(body.get("echo")) and flavour == "vllm"
    if echo:
        text = prompt + text
        tokens = ["<s>"] + tokens_of(prompt) + tokens
    shape = chat or flavour == "llama"
    made["logprobs"] = told(tokens, prompt, count, shape, echo) if wanted else None
    if chat:
        made["message"] = {"role": "assistant", "content": text}
    else:
        made["text"] = text
    return made, len(tokens_of(prompt)) + 1, min(limit, len(tokens_of(answer)) + 1)


def complete(body, chat, flavour):
    if chat:
        prompts = ["\n".join(message["content"] for message in body["messages"])]
    else:
        given = body["prompt"]
        prompts = given if isinstance(given, list) else [given]
    made = [choice(index, body, prompt, chat, flavour) for index, prompt in enumerate(prompts)]
    # Out of order, as concurrent servers may be.
    choices = [one for one, _, _ in reversed(made)]
    usage = {
        "prompt_tokens": sum(count for _, count, _ in made),
        "completion_tokens": sum(count for _, _, count in made),
    }
    return {"id": "x", "created": time.time(), "choices": choices, "usage": usage}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def reply(self, status, body, headers=(), kind="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def refuses(self):
        key = STATE["key"]
        if key and self.headers.get("Authorization") != f"Bearer {key}":
            given = self.headers.get("Authorization", "")
            self.reply(401, {"error": {"message": f"bad key: {given}"}})
            return True
        return False

    def do_GET(self):
        flavour = STATE["flavour"]
        if self.path == "/stats":
            with LOCK:
                self.reply(200, SEEN)
        elif self.refuses():
            return
        elif self.path == "/v1/models":
            owner = {"vllm": "vllm", "llama": "llamacpp", "ollama": "library"}.get(flavour, "me")
            entry = lambda name: {"id": name, "created": time.time(), "owned_by": owner}
            data = [entry(name) for name in STATE["models"]]
            if flavour == "vllm":
                for one in data:
                    one["max_model_len"] = 2048
            self.reply(200, {"object": "list", "data": data})
        elif self.path == "/props" and flavour == "llama":
            settings = {"n_ctx": 1024}
            props = {"default_generation_settings": settings, "eos_token": "<end_of_tiny>"}
            self.reply(200, props)
        else:
            self.reply(404, {"error": "not found"})

    def do_POST(self):
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        body = json.loads(raw)
        if self.path == "/control":
            with LOCK:
                STATE.update(body)
                SEEN.update(requests=[], most_in_flight=0)
            return self.reply(200, {})
        if self.refuses():
            return None
        with LOCK:
            SEEN["in_flight"] += 1
            SEEN["most_in_flight"] = max(SEEN["most_in_flight"], SEEN["in_flight"])
            SEEN["requests"].append({"path": self.path, "body": body, "at": time.monotonic()})
            fault = None
            if STATE["faults"]:
                fault = STATE["faults"][0]
                times = (fault or {}).get("times", 1) - 1
                if times > 0:
                    fault["times"] = times
                else:
                    STATE["faults"].pop(0)
        try:
            time.sleep(STATE["delay"])
            self.serve(body, fault or {})
        finally:
            with LOCK:
                SEEN["in_flight"] -= 1
        return None

    def serve(self, body, fault):
        flavour = STATE["flavour"]
        time.sleep(fault.get("sleep", 0))
        if "reset" in fault:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
            self.rfile.close()
            self.wfile.close()
            return self.connection.close()
        if "status" in fault:
            headers = []
            if "retry_after" in fault:
                headers.append(("Retry-After", fault["retry_after"]))
            if "location" in fault:
                headers.append(("Location", fault["location"]))
            error = {"error": {"message": fault.get("says", "as asked")}}
            return self.reply(fault["status"], error, headers)
        if "html" in fault:
            return self.reply(200, b"<html>welcome</html>", kind="text/html")
        if "body" in fault:
            return self.reply(200, fault["body"])
        chat = self.path == "/v1/chat/completions"
        if not chat and (self.path != "/v1/completions" or flavour == "chat"):
            return self.reply(404, {"error": {"message": "no such path"}})
        if flavour == "strict" and (body.get("echo") or body.get("logprobs", 0) > 5):
            return self.reply(400, {"error": {"message": "no such field"}})
        data = json.dumps(complete(body, chat, flavour)).encode()
        if "truncate" in fault:
            return self.reply(200, data[: len(data) // 2])
        if "cut" in fault:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
            return None
        return self.reply(200, data)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass


def main():
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


main()
