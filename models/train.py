"""Trains the models beside this file and exports them to ONNX (opset 16, dynamic batch).

Needs Debian's python3-torch and python3-sklearn; run as: /usr/bin/python3 models/train.py
What it writes is new weights: run scripts/calibrate.ts afterwards.
Data: data/ethusdt-1h.csv, hourly ETH/USDT candles 2022-08 to 2025-02 from the
OpenGradient/og-models repository (MIT); scikit-learn's bundled UCI digits.
"""
import csv, json, pathlib
import numpy as np, torch
from torch import nn
from sklearn.datasets import load_digits

MODELS = pathlib.Path(__file__).parent
DATA = MODELS / "data"
WINDOW = 24


def candles():
    with open(DATA / "ethusdt-1h.csv") as f:
        rows = [[float(r[k]) for k in ("open", "high", "low", "close", "volume")] for r in csv.DictReader(f)]
    return np.asarray(rows, np.float32)


class Normalise(nn.Module):
    """Raw OHLCV [B, 24, 5] -> returns against the last close and log-volume against the window mean."""
    def forward(self, x):
        last = x[:, -1:, 3:4]
        price = (x[:, :, :4] / last - 1.0) * 100.0
        volume = torch.log1p(x[:, :, 4:5])
        return torch.cat([price, volume - volume.mean(1, keepdim=True)], 2)


class Block(nn.Module):
    def __init__(self, cin, cout, dilation):
        super().__init__()
        self.pad = 2 * dilation
        self.conv = nn.Conv1d(cin, cout, 3, dilation=dilation)
        self.norm = nn.BatchNorm1d(cout)
        self.skip = nn.Conv1d(cin, cout, 1) if cin != cout else nn.Identity()

    def forward(self, x):
        y = self.norm(self.conv(nn.functional.pad(x, (self.pad, 0))))
        return y * torch.sigmoid(y) + self.skip(x)


class SpotTcn(nn.Module):
    """Next-hour return forecaster in percent: [B, 24, 5] -> [B, 1]."""
    def __init__(self, width=96):
        super().__init__()
        self.normalise = Normalise()
        self.blocks = nn.Sequential(*[Block(5 if i == 0 else width, width, d) for i, d in enumerate((1, 2, 4, 8))])
        self.score, self.head = nn.Conv1d(width, 1, 1), nn.Linear(width, 1)

    def forward(self, x):
        h = self.blocks(self.normalise(x).transpose(1, 2))
        return self.head((h * torch.softmax(self.score(h), 2)).sum(2))


class SpotTransformer(nn.Module):
    """Volatility-regime classifier: [B, 24, 5] -> [B, 3] probabilities (calm, normal, turbulent)."""
    def __init__(self, d=64, heads=4, layers=2):
        super().__init__()
        self.normalise, self.embed = Normalise(), nn.Linear(5, d)
        self.pos = nn.Parameter(torch.randn(1, WINDOW, d) * 0.02)
        self.layers = nn.ModuleList([nn.ModuleDict({"n1": nn.LayerNorm(d), "qkv": nn.Linear(d, 3 * d), "o": nn.Linear(d, d),
                                                    "n2": nn.LayerNorm(d), "up": nn.Linear(d, 4 * d), "down": nn.Linear(4 * d, d)}) for _ in range(layers)])
        self.heads, self.d, self.out = heads, d, nn.Linear(d, 3)

    def forward(self, x):
        h = self.embed(self.normalise(x)) + self.pos
        for l in self.layers:
            q, k, v = l["qkv"](l["n1"](h)).reshape(-1, WINDOW, 3, self.heads, self.d // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
            a = torch.softmax(q @ k.transpose(-1, -2) / (self.d // self.heads) ** 0.5, -1) @ v
            h = h + l["o"](a.permute(0, 2, 1, 3).reshape(-1, WINDOW, self.d))
            h = h + l["down"](nn.functional.gelu(l["up"](l["n2"](h))))
        return torch.softmax(self.out(h.mean(1)), -1)


class DigitsCnn(nn.Module):
    """Handwritten digits: [B, 1, 8, 8] pixels in 0..16 -> [B, 10] logits."""
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                                 nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))

    def forward(self, x):
        return self.net(x / 16.0)


def fit(model, x, y, loss, epochs, lr, batch=256):
    opt = torch.optim.AdamW(model.parameters(), lr, weight_decay=1e-4)
    for epoch in range(epochs):
        model.train()
        order = torch.randperm(len(x))
        total = 0.0
        for i in range(0, len(x), batch):
            j = order[i:i + batch]
            opt.zero_grad()
            l = loss(model(x[j]), y[j])
            l.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            opt.step()
            total += l.item() * len(j)
        print(f"{type(model).__name__} epoch {epoch + 1}/{epochs} loss {total / len(x):.4f}", flush=True)
    return model.eval()


def export(model, name, sample, inp, out):
    path = MODELS / name / "model.onnx"
    path.parent.mkdir(exist_ok=True)
    torch.onnx.export(model, sample, path, input_names=[inp], output_names=[out], opset_version=16,
                      dynamic_axes={inp: {0: "batch"}, out: {0: "batch"}}, do_constant_folding=True)
    print(name, path.stat().st_size)


def main():
    torch.manual_seed(7)
    np.random.seed(7)
    raw = candles()
    windows = torch.from_numpy(np.stack([raw[i:i + WINDOW] for i in range(len(raw) - WINDOW)]))
    close = raw[:, 3]
    ret = torch.from_numpy((close[WINDOW:] / close[WINDOW - 1:-1] - 1) * 100).float()[:, None]
    split = int(len(windows) * 0.8)
    report = {}

    tcn = fit(SpotTcn(), windows[:split], ret[:split], nn.HuberLoss(), 6, 5e-4)
    with torch.no_grad():
        p = tcn(windows[split:])
    report["eth-spot-tcn"] = {"test_mae_percent": float((p - ret[split:]).abs().mean()), "test_direction_accuracy": float(((p > 0) == (ret[split:] > 0)).float().mean())}
    export(tcn, "eth-spot-tcn", windows[:2], "ohlcv", "return_percent")

    rng = torch.from_numpy(np.asarray([(raw[i:i + 6, 1].max() - raw[i:i + 6, 2].min()) / raw[i, 3] for i in range(WINDOW, len(raw) - 6)], np.float32))
    cut = torch.quantile(rng[:split], torch.tensor([1 / 3, 2 / 3]))
    regime = torch.bucketize(rng, cut)
    xs = windows[:len(regime)]
    tr = fit(SpotTransformer(), xs[:split], regime[:split], lambda p, y: nn.functional.nll_loss((p + 1e-9).log(), y), 5, 1e-3)
    with torch.no_grad():
        report["eth-regime-transformer"] = {"test_accuracy": float((tr(xs[split:]).argmax(1) == regime[split:]).float().mean())}
    export(tr, "eth-regime-transformer", xs[:2], "ohlcv", "regime_probabilities")

    d = load_digits()
    x, y = torch.from_numpy(d.images.astype(np.float32))[:, None], torch.from_numpy(d.target)
    order = torch.randperm(len(x))
    train, test = order[:1437], order[1437:]
    cnn = fit(DigitsCnn(), x[train], y[train], nn.CrossEntropyLoss(), 30, 2e-3, 64)
    with torch.no_grad():
        report["digits-cnn"] = {"test_accuracy": float((cnn(x[test]).argmax(1) == y[test]).float().mean())}
    export(cnn, "digits-cnn", x[:2], "image", "logits")
    (DATA / "digits-test.json").write_text(json.dumps({"source": "scikit-learn load_digits (UCI optdigits), held-out 360 images, pixels 0..16, row-major 8x8",
                                                       "labels": y[test].tolist(), "images": x[test, 0].reshape(-1, 64).int().tolist()}, separators=(",", ":")))
    (MODELS / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


main()
