"""Serves one GGUF model with llama.cpp's own HTTP server, from the PyPI package `xllamacpp`, on the CPU.

usage: python llama_serve.py MODEL.gguf PORT [CONTEXT_TOKENS] [PARALLEL_REQUESTS]
environment: API_KEY asks callers for this key, ALIAS is the model's name in the API
"""
import os
import sys
import time

import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.hostnames = ["127.0.0.1"]
params.port = int(sys.argv[2])
params.n_ctx = int(sys.argv[3]) if len(sys.argv) > 3 else 4096
params.n_parallel = int(sys.argv[4]) if len(sys.argv) > 4 else 2
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = min(os.cpu_count() or 2, 8)
params.n_gpu_layers = 0
params.use_jinja = True
params.endpoint_metrics = True
if os.environ.get("API_KEY"):
    params.api_keys = [os.environ["API_KEY"]]
if os.environ.get("ALIAS"):
    params.model_alias = {os.environ["ALIAS"]}

server = xllamacpp.Server(params)
print("listening on", server.listening_address, flush=True)
while True:
    time.sleep(3600)
