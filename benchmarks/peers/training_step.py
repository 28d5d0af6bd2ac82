#!/usr/bin/env python3
"""The networks of benchmarks/training_step.cpp in PyTorch, timed the same way: one JSON row a case.

  python3 benchmarks/peers/training_step.py --case a_imdb_conv [--threads N] [--seconds S] [--json FILE]

Denormals are flushed to zero, as the library does. a_imdb_conv is timed with conv1d as one would write it and, as
a_imdb_conv_channels_last, with the same network on conv2d in PyTorch's channels-last layout, which is its faster one.
"""
import argparse
import json
import os
import time

CASES = ["a_imdb_conv", "a_imdb_conv_channels_last", "b_jena_conv", "f_walk_forward", "f_walk_forward_fresh"]
parser = argparse.ArgumentParser()
parser.add_argument("--case", choices=CASES + ["all"], default="all")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--seconds", type=float, default=3)
parser.add_argument("--json")
args = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(args.threads)
os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx512" if "avx512bw" in open("/proc/cpuinfo").read() else "avx2")

import torch  # noqa: E402 (reads the environment)
import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

torch.set_flush_denormal(True)
torch.set_num_threads(args.threads)


class ImdbConv(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10000, 128)
        self.conv1, self.conv2 = nn.Conv1d(128, 32, 7), nn.Conv1d(32, 32, 7)
        self.dense = nn.Linear(32, 1)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.conv1(self.embedding(x).transpose(1, 2))), 5)
        return self.dense(F.relu(self.conv2(x)).amax(2)).squeeze(1)


class ImdbConvChannelsLast(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10000, 128)
        self.conv1, self.conv2 = nn.Conv2d(128, 32, (1, 7)), nn.Conv2d(32, 32, (1, 7))
        self.dense = nn.Linear(32, 1)
        self.conv1.to(memory_format=torch.channels_last)
        self.conv2.to(memory_format=torch.channels_last)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(self.embedding(x).transpose(1, 2).unsqueeze(2))), (1, 5))
        return self.dense(F.relu(self.conv2(x)).amax((2, 3))).squeeze(1)


class JenaConv(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2, self.conv3 = nn.Conv1d(14, 32, 5), nn.Conv1d(32, 32, 5), nn.Conv1d(32, 32, 5)
        self.dense = nn.Linear(32, 1)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.conv1(x.transpose(1, 2))), 3)
        x = F.max_pool1d(F.relu(self.conv2(x)), 3)
        return self.dense(F.relu(self.conv3(x)).amax(2)).squeeze(1)


class WalkForward(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv1d(1, 32, 3, padding=1), nn.Conv1d(32, 32, 3, padding=1)
        self.dense1, self.dense2, self.dense3 = nn.Linear(64, 128), nn.Linear(128, 128), nn.Linear(128, 2)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.conv1(x.transpose(1, 2))), 3)
        x = F.max_pool1d(F.relu(self.conv2(x)), 3).flatten(1)
        return self.dense3(F.relu(self.dense2(F.relu(self.dense1(x)))))


def stepper(model, optimizer, loss, inputs, targets):
    count = 0

    def step():
        nonlocal count
        i = count % len(inputs)
        count += 1
        optimizer.zero_grad(set_to_none=True)
        loss(model(inputs[i]), targets[i]).backward()
        optimizer.step()

    return step


def walk_forward(fresh):
    x, y, query = torch.randn(1000, 20, 1), torch.randint(0, 2, (1000,)), torch.randn(1, 20, 1)
    kept = WalkForward()

    def window():
        model = WalkForward() if fresh else kept
        step = stepper(model, torch.optim.SGD(model.parameters(), lr=0.01), F.cross_entropy, x.split(200), y.split(200))
        for _ in range(10):
            step()
        with torch.inference_mode():
            return model(query)

    return window


def make(case):
    torch.manual_seed(0)
    if case.startswith("f_walk_forward"):
        return walk_forward(case.endswith("fresh"))
    if case == "b_jena_conv":
        model, loss, rate = JenaConv(), nn.L1Loss(), 1e-3
        inputs, targets = torch.randn(4, 128, 240, 14), torch.randint(0, 2, (4, 128)).float()
    else:
        model = ImdbConvChannelsLast() if case.endswith("last") else ImdbConv()
        loss, rate = nn.BCEWithLogitsLoss(), 1e-4
        inputs, targets = torch.randint(0, 10000, (4, 128, 500)), torch.randint(0, 2, (4, 128)).float()
    return stepper(model, torch.optim.RMSprop(model.parameters(), lr=rate), loss, inputs, targets)


def measure(step):
    start = time.perf_counter()
    while time.perf_counter() - start < 0.2 * args.seconds:
        step()
    times = []
    start = time.perf_counter()
    while time.perf_counter() - start < args.seconds or len(times) < 5:
        before = time.perf_counter()
        step()
        times.append(1e3 * (time.perf_counter() - before))
    return sorted(times)


rows = []
for case in CASES if args.case == "all" else [args.case]:
    times = measure(make(case))
    rows.append({"case": case, "threads": args.threads, "min_ms": times[0], "med_ms": times[len(times) // 2]})
    print("{case:26s} threads {threads}  min {min_ms:8.3f} ms  median {med_ms:8.3f} ms".format(**rows[-1]), flush=True)
if args.json:
    with open(args.json, "w") as file:
        json.dump(rows[0] if len(rows) == 1 else rows, file, indent=2)
