#!/usr/bin/env python3
"""Times the layers of benchmarks/layers.cpp and their twins in PyTorch in turn, pair by pair, on one thread, and prints
the median of each and the ratio of the pairs.

  python3 benchmarks/peers/compare_layers.py [--pairs N] [--seconds S] [--processor-time] [--ours PATH] [CASE …]

Forward and backward on 128 samples of (240, 64), with the gradients of inputs and weights. PyTorch may use all that the
processor has and flushes denormals; --processor-time leaves out the time in which other programs had the processor.
Convolutions, pools and batch normalization get its own layout, (128, 64, 240).
Needs build/release/benchmarks/layers (cmake --build build/release --target layers) and PyTorch (Debian: python3-torch).
"""
import argparse
import os
import statistics
import subprocess
import time

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx512" if "avx512bw" in open("/proc/cpuinfo").read() else "avx2")

import torch  # noqa: E402 (reads the environment)
import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

torch.set_flush_denormal(True)
torch.set_num_threads(1)


def first(layer):
    """A recurrent layer without its states."""
    return layer, lambda x: layer(x)[0]


def attention():
    layer = nn.MultiheadAttention(64, 4, batch_first=True)
    return layer, lambda x: layer(x, x, x, need_weights=False)[0]


def attention_pooling():
    hidden, score = nn.Linear(64, 64), nn.Linear(64, 1, bias=False)
    return nn.ModuleList([hidden, score]), lambda x: (torch.softmax(score(torch.tanh(hidden(x))), 1) * x).sum(1)


def position_embedding():
    layer = nn.Embedding(240, 64)
    return layer, lambda x: x + layer.weight


def sines():
    encoding = torch.randn(240, 64)
    return nn.Module(), lambda x: x + encoding


def separable():
    layer = nn.Sequential(nn.Conv1d(64, 64, 5, padding=2, groups=64, bias=False), nn.Conv1d(64, 64, 1))
    return layer, layer


def plain(function):
    return nn.Module(), function


def module(layer):
    return layer, layer


SEQUENCE, CHANNELS_FIRST, VECTOR, IDS = (128, 240, 64), (128, 64, 240), (128, 64), (128, 240)

# Name -> how to make (what has the weights, what computes), shape of the input.
CASES = {
    "dense": (lambda: module(nn.Linear(64, 64)), SEQUENCE),
    "dense_gelu": (lambda: module(nn.Sequential(nn.Linear(64, 64), nn.GELU())), SEQUENCE),
    "conv1d": (lambda: module(nn.Conv1d(64, 64, 5, padding=2)), CHANNELS_FIRST),
    "conv1d_dilated": (lambda: module(nn.Conv1d(64, 64, 5, padding=4, dilation=2)), CHANNELS_FIRST),
    "depthwise_conv1d": (lambda: module(nn.Conv1d(64, 64, 5, padding=2, groups=64)), CHANNELS_FIRST),
    "separable_conv1d": (separable, CHANNELS_FIRST),
    "conv1d_transpose": (lambda: module(nn.ConvTranspose1d(64, 64, 4, stride=2, padding=1)), CHANNELS_FIRST),
    "lstm": (lambda: first(nn.LSTM(64, 64, batch_first=True)), SEQUENCE),
    "gru": (lambda: first(nn.GRU(64, 64, batch_first=True)), SEQUENCE),
    "simple_rnn": (lambda: first(nn.RNN(64, 64, batch_first=True)), SEQUENCE),
    "projected_lstm": (lambda: first(nn.LSTM(64, 64, batch_first=True, proj_size=32)), SEQUENCE),
    "bidirectional_gru": (lambda: first(nn.GRU(64, 64, batch_first=True, bidirectional=True)), SEQUENCE),
    "multi_head_attention": (attention, SEQUENCE),
    "attention_pooling1d": (attention_pooling, SEQUENCE),
    "embedding": (lambda: module(nn.Embedding(10_000, 64)), IDS),
    "position_embedding": (position_embedding, SEQUENCE),
    "sine_position_encoding": (sines, SEQUENCE),
    "time_distributed_dense": (lambda: module(nn.Linear(64, 64)), SEQUENCE),
    "layer_normalization": (lambda: module(nn.LayerNorm(64)), SEQUENCE),
    "batch_normalization": (lambda: module(nn.BatchNorm1d(64)), CHANNELS_FIRST),
    "max_pool1d": (lambda: module(nn.MaxPool1d(2)), CHANNELS_FIRST),
    "average_pool1d": (lambda: module(nn.AvgPool1d(2)), CHANNELS_FIRST),
    "global_max_pool1d": (lambda: plain(lambda x: x.amax(2)), CHANNELS_FIRST),
    "global_average_pool1d": (lambda: plain(lambda x: x.mean(2)), CHANNELS_FIRST),
    "dropout": (lambda: module(nn.Dropout(0.5)), SEQUENCE),
    "spatial_dropout1d": (lambda: module(nn.Dropout1d(0.5)), CHANNELS_FIRST),
    "gaussian_noise": (lambda: plain(lambda x: x + 0.1 * torch.randn_like(x)), SEQUENCE),
    "permute": (lambda: plain(lambda x: x.transpose(1, 2).contiguous()), SEQUENCE),
    "up_sampling1d": (lambda: plain(lambda x: x.repeat_interleave(2, 1)), SEQUENCE),
    "zero_padding1d": (lambda: plain(lambda x: F.pad(x, (0, 0, 1, 1))), SEQUENCE),
    "cropping1d": (lambda: plain(lambda x: x[:, 1:-1].contiguous()), SEQUENCE),
    "repeat_vector": (lambda: plain(lambda x: x.unsqueeze(1).expand(-1, 240, -1).contiguous()), VECTOR),
    "masking": (lambda: plain(lambda x: x * (x != 0).any(-1, keepdim=True)), SEQUENCE),
    "leaky_relu": (lambda: module(nn.LeakyReLU(0.3)), SEQUENCE),
    "relu": (lambda: plain(F.relu), SEQUENCE),
    "tanh": (lambda: plain(torch.tanh), SEQUENCE),
    "sigmoid": (lambda: plain(torch.sigmoid), SEQUENCE),
    "hard_sigmoid": (lambda: plain(F.hardsigmoid), SEQUENCE),
    "softmax": (lambda: plain(lambda x: torch.softmax(x, 2)), SEQUENCE),
    "elu": (lambda: plain(F.elu), SEQUENCE),
    "selu": (lambda: plain(F.selu), SEQUENCE),
    "softplus": (lambda: plain(F.softplus), SEQUENCE),
    "softsign": (lambda: plain(F.softsign), SEQUENCE),
    "exponential": (lambda: plain(torch.exp), SEQUENCE),
    "gelu": (lambda: plain(F.gelu), SEQUENCE),
    "gelu_tanh": (lambda: plain(lambda x: F.gelu(x, approximate="tanh")), SEQUENCE),
    "silu": (lambda: plain(F.silu), SEQUENCE),
    "mish": (lambda: plain(F.mish), SEQUENCE),
    "hard_silu": (lambda: plain(F.hardswish), SEQUENCE),
}


def stepper(case):
    torch.manual_seed(0)
    make, shape = CASES[case]
    weights, compute = make()
    x = torch.randint(0, 10_000, shape) if shape is IDS else torch.randn(shape, requires_grad=True)
    dy = torch.randn_like(compute(x))

    def step():
        x.grad = None
        weights.zero_grad(set_to_none=True)
        compute(x).backward(dy)

    return step


def milliseconds(step, seconds, clock):
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = clock()
        step()
        times.append(1e3 * (clock() - start))
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--processor-time", action="store_true")
    parser.add_argument("--ours", default="build/release/benchmarks/layers")
    parser.add_argument("cases", nargs="*", choices=[[], *CASES], default=[], metavar="CASE")
    args = parser.parse_args()
    clock = time.process_time if args.processor_time else time.perf_counter
    print(f"{'layer':24} {'ours':>9} {'PyTorch':>9}  ratio of {args.pairs} pairs")
    for case in args.cases or CASES:
        step = stepper(case)
        step()
        pairs = []
        for _ in range(args.pairs):
            run = [args.ours, "--case", case, "--seconds", str(args.seconds)]
            run += ["--processor-time"] * args.processor_time
            ours = float(subprocess.run(run, check=True, capture_output=True, text=True).stdout.split()[1])
            pairs.append((ours, milliseconds(step, args.seconds, clock)))
        ours, theirs = (statistics.median(column) for column in zip(*pairs))
        ratios = sorted(theirs / ours for ours, theirs in pairs)
        print(f"{case:24} {ours:6.2f} ms {theirs:6.2f} ms  {statistics.median(ratios):.2f} "
              f"({ratios[0]:.2f} … {ratios[-1]:.2f})", flush=True)


main()
