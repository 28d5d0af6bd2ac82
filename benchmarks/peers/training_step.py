#!/usr/bin/env python3
"""The networks of benchmarks/training_step.cpp in PyTorch, timed the same way: one JSON row a case.

  python3 benchmarks/peers/training_step.py --case a_imdb_conv [--threads N] [--seconds S] [--stock] [--processor-time]
                                           [--json FILE]

Denormals are flushed to zero, as the library does, and PyTorch may use all that the processor has; with --stock it runs
as it is installed, and computes on denormals. a_imdb_conv and f_walk_forward_points are timed with conv1d as one would
write it and, with _channels_last, with the same network on conv2d in PyTorch's channels-last layout.
"""
import argparse
import json
import os
import time

CASES = ["a_imdb_conv", "a_imdb_conv_channels_last", "b_jena_conv", "c_jena_conv_gru", "d_jena_gru", "d_jena_lstm",
         "e_word_lstm_T12", "e_word_lstm_T50", "f_walk_forward", "f_walk_forward_fresh", "f_walk_forward_points",
         "f_walk_forward_points_channels_last", "g_aungiers_lstm",
         "h_jena_epoch_conv", "h_jena_epoch_conv_gru", "h_jena_epoch_gru"]
parser = argparse.ArgumentParser()
parser.add_argument("--case", choices=CASES + ["all"], default="all")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--seconds", type=float, default=3)
parser.add_argument("--stock", action="store_true")
parser.add_argument("--processor-time", action="store_true")
parser.add_argument("--json")
args = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(args.threads)
if not args.stock:
    os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx512" if "avx512bw" in open("/proc/cpuinfo").read() else "avx2")

import torch  # noqa: E402 (reads the environment)
import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

torch.set_flush_denormal(not args.stock)
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


class JenaConvGru(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv1d(14, 32, 5), nn.Conv1d(32, 32, 5)
        self.gru, self.dense = nn.GRU(32, 32, batch_first=True), nn.Linear(32, 1)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.conv1(x.transpose(1, 2))), 3)
        x = F.relu(self.conv2(x)).transpose(1, 2)
        return self.dense(self.gru(x)[0][:, -1]).squeeze(1)


class JenaRecurrent(nn.Module):
    def __init__(self, cell):
        super().__init__()
        self.cell, self.dense = cell(14, 32, batch_first=True), nn.Linear(32, 1)

    def forward(self, x):
        return self.dense(self.cell(x)[0][:, -1]).squeeze(1)


class WordLstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(400, 512)
        self.lstm, self.dense = nn.LSTM(512, 512, num_layers=6, batch_first=True), nn.Linear(512, 400)

    def forward(self, x):
        return self.dense(self.lstm(self.embedding(x))[0][:, -1])


class AungiersLstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm1, self.lstm2, self.lstm3 = (nn.LSTM(n, 100, batch_first=True) for n in (2, 100, 100))
        self.dropout, self.dense = nn.Dropout(0.2), nn.Linear(100, 1)

    def forward(self, x):
        x = self.lstm2(self.dropout(self.lstm1(x)[0]))[0]
        return self.dense(self.dropout(self.lstm3(x)[0][:, -1])).squeeze(1)


class WalkForward(nn.Module):
    def __init__(self, flat=64):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv1d(1, 32, 3, padding=1), nn.Conv1d(32, 32, 3, padding=1)
        self.dense1, self.dense2, self.dense3 = nn.Linear(flat, 128), nn.Linear(128, 128), nn.Linear(128, 2)

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


class WalkForwardChannelsLast(nn.Module):
    def __init__(self, flat):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 32, (1, 3), padding=(0, 1)), nn.Conv2d(32, 32, (1, 3), padding=(0, 1))
        self.dense1, self.dense2, self.dense3 = nn.Linear(flat, 128), nn.Linear(128, 128), nn.Linear(128, 2)
        self.conv1.to(memory_format=torch.channels_last)
        self.conv2.to(memory_format=torch.channels_last)

    def forward(self, x):
        x = x.transpose(1, 2).unsqueeze(2).contiguous(memory_format=torch.channels_last)
        x = F.max_pool2d(F.relu(self.conv1(x)), (1, 3))
        x = F.max_pool2d(F.relu(self.conv2(x)), (1, 3)).flatten(1)
        return self.dense3(F.relu(self.dense2(F.relu(self.dense1(x)))))


def walk_forward_points(channels_last):
    """Two points at full history, each a fresh network on 8,120 scaled rows, two passes of 40 batches."""
    x, y = torch.randn(8122, 756), torch.randint(0, 2, (8122,))

    def points():
        for rows in (8120, 8121):
            mean, deviation = x[:rows].mean(0), x[:rows].std(0, unbiased=False)
            scaled = ((x[:rows + 1] - mean) / deviation).unsqueeze(2)
            model = WalkForwardChannelsLast(2688) if channels_last else WalkForward(2688)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
            step = stepper(model, optimizer, F.cross_entropy, scaled[:rows].tensor_split(40), y[:rows].tensor_split(40))
            for _ in range(80):
                step()
            with torch.inference_mode():
                model(scaled[rows:])

    return points


def epoch(model):
    """A tenth of an epoch: 50 batches of windows over one series, drawn with replacement."""
    series = torch.randn(31617, 14)
    offsets = 6 * torch.arange(240)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    loss = nn.L1Loss()

    def steps():
        for _ in range(50):
            first = torch.randint(0, len(series) - 1440 - 144, (128,))
            optimizer.zero_grad(set_to_none=True)
            loss(model(series[first[:, None] + offsets]), series[first + 239 * 6 + 150, 1]).backward()
            optimizer.step()

    return steps


def rmsprop(rate):
    return lambda parameters: torch.optim.RMSprop(parameters, lr=rate)


def numbers(batch, steps, features):
    return torch.randn(4, batch, steps, features), torch.randint(0, 2, (4, batch)).float()


def tokens(vocabulary, batch, steps):
    return torch.randint(0, vocabulary, (4, batch, steps)), torch.randint(0, 2, (4, batch))


def make(case):
    torch.manual_seed(0)
    if case.startswith("f_walk_forward_points"):
        return walk_forward_points(case.endswith("last"))
    if case.startswith("f_walk_forward"):
        return walk_forward(case.endswith("fresh"))
    if case.startswith("h_jena_epoch"):
        return epoch({"conv": JenaConv, "conv_gru": JenaConvGru,
                      "gru": lambda: JenaRecurrent(nn.GRU)}[case.split("_", 3)[3]]())
    if case.startswith("a_imdb"):
        model = ImdbConvChannelsLast() if case.endswith("last") else ImdbConv()
        inputs, targets = tokens(10000, 128, 500)
        targets, loss, optimizer = targets.float(), nn.BCEWithLogitsLoss(), rmsprop(1e-4)
    elif case.startswith("e_word_lstm"):
        model, loss, optimizer = WordLstm(), nn.CrossEntropyLoss(), torch.optim.Adam
        inputs, targets = tokens(400, 128, int(case.rsplit("T")[-1]))
    elif case == "g_aungiers_lstm":
        model, loss, optimizer = AungiersLstm(), nn.MSELoss(), torch.optim.Adam
        inputs, targets = numbers(32, 49, 2)
    else:
        model = {"b_jena_conv": JenaConv, "c_jena_conv_gru": JenaConvGru,
                 "d_jena_gru": lambda: JenaRecurrent(nn.GRU), "d_jena_lstm": lambda: JenaRecurrent(nn.LSTM)}[case]()
        inputs, targets = numbers(128, 240, 14)
        loss, optimizer = nn.L1Loss(), rmsprop(1e-3)
    return stepper(model, optimizer(model.parameters()), loss, inputs, targets)


def measure(step):
    start = time.perf_counter()
    while time.perf_counter() - start < 0.2 * args.seconds:
        step()
    clock = time.process_time if args.processor_time else time.perf_counter
    times = []
    start = time.perf_counter()
    while time.perf_counter() - start < args.seconds or len(times) < 3:
        before = clock()
        step()
        times.append(1e3 * (clock() - before))
    return sorted(times)


rows = []
for case in CASES if args.case == "all" else [args.case]:
    times = measure(make(case))
    rows.append({"case": case, "threads": args.threads, "min_ms": times[0], "med_ms": times[len(times) // 2]})
    print("{case:26s} threads {threads}  min {min_ms:8.3f} ms  median {med_ms:8.3f} ms".format(**rows[-1]), flush=True)
if args.json:
    with open(args.json, "w") as file:
        json.dump(rows[0] if len(rows) == 1 else rows, file, indent=2)
