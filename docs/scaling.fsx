(**
---
title: How far it scales
category: Guide
categoryindex: 1
index: 18
---

# How far it scales

A model of what one evaluation costs on several ranks, beside what was measured, and what it says of more ranks than were at hand. Nothing
on this page was measured on more than two cores; the rest is arithmetic.

With N points, s landmarks, d coordinates and L layers of m units, each of P ranks makes for its N / P points

* the jet and the tangent, 2 (d + 4) (N / P) (d m + (L − 1) m²) operations;
* its rows of the kernel, 2 (N / P) s (d + 2 L m), of Φ, (N / P) s², and of ΦᵀΦ, (N / P) s²;

and all of them the same factorisations, 2 s³ / 3. What they exchange are 8 (s (s + 1) / 2 + 3 s + 16) bytes, in four sums
([mathematics](mathematics.html), "On several ranks"). A sum over P ranks takes 2 log₂ P messages one after the other, and every byte crosses
the network twice.
*)
/// One evaluation; what the ranks compute with and are joined by.
type Work =
    {
        N: float
        S: float
        D: float
        Width: float
        Layers: float
    }

type Machine =
    {
        /// Operations per second of one rank.
        Rate: float
        /// Seconds that a message takes, and bytes per second.
        Latency: float
        Bandwidth: float
    }

/// Operations that are split among ranks, and those that each of them makes.
let operations work =
    let inner = work.D * work.Width + (work.Layers - 1.0) * work.Width ** 2.0

    work.N
    * (2.0 * (work.D + 4.0) * inner
       + 2.0 * work.S * (work.D + 2.0 * work.Layers * work.Width)
       + 2.0 * work.S ** 2.0),
    2.0 / 3.0 * work.S ** 3.0

let bytes work =
    8.0 * (work.S * (work.S + 1.0) / 2.0 + 3.0 * work.S + 16.0)

/// Seconds of one evaluation on so many ranks.
let seconds machine work (ranks: int) =
    let split, everywhere = operations work
    let p = float ranks

    let messages =
        if ranks = 1 then
            0.0
        else
            4.0 * 2.0 * System.Math.Ceiling(System.Math.Log2 p)

    let crossing = if ranks = 1 then 0.0 else 2.0 * bytes work

    (split / p + everywhere) / machine.Rate
    + messages * machine.Latency
    + crossing / machine.Bandwidth
(**
## Beside what was measured

`mpirun -n P dotnet tests/Mne.Functional.MpiCheck/bin/Release/net10.0/Mne.Functional.MpiCheck.dll times N 512` on two virtual cores of an Intel
Xeon, one thread for each rank, d = 4 and three layers of 128. Messages between the two processes took 15 µs for 1,000 numbers, and
131,000 numbers 0.47 ms (`latency` in place of `times`). The rate is that of one rank at N = 8,000.
*)
let check n =
    {
        N = n
        S = 512.0
        D = 4.0
        Width = 128.0
        Layers = 3.0
    }

let here =
    let split, everywhere = operations (check 8000.0)

    {
        Rate = (split + everywhere) / 0.49
        Latency = 5e-6
        Bandwidth = 2.2e9
    }

for n, ranks, measured in [ 8000.0, 1, 0.490; 8000.0, 2, 0.353; 32000.0, 2, 0.957 ] do
    printfn
        $"N = {n, 6}, {ranks} ranks: {1e3 * seconds here (check n) ranks, 6:F0} ms by the model, {1e3 * measured, 6:F0} ms measured"
(*** include-output ***)

(**
The model leaves out what two ranks on one socket take from each other, caches and memory, and what else ran: at N = 8,000 one rank by itself
took 596 ms in the run of two, so that two took 0.59 of it; at N = 32,000 the two took 0.40.

## On a cluster

One rank for each core, cores of the rate above, messages of 2 µs and 10 GB/s between machines, d = 10, four layers of 256, s = 1,000 and a
million points, as a user would ask for in ten dimensions:
*)
let large =
    {
        N = 1e6
        S = 1000.0
        D = 10.0
        Width = 256.0
        Layers = 4.0
    }

let cluster =
    { here with
        Latency = 2e-6
        Bandwidth = 1e10
    }

for ranks in [ 1; 4; 16; 64; 256; 1024 ] do
    let one, many = seconds cluster large 1, seconds cluster large ranks

    printfn
        $"{ranks, 5} ranks: {many, 8:F3} s an evaluation, {one / many, 6:F0} times one rank, efficiency {one / many / float ranks:P0}"
(*** include-output ***)

(**
What stops it is the factorisation that every rank makes, 2 s³ / 3 operations: N / P should stay well above s. Bytes and messages are
less than a twentieth of that. Draws need no exchange at all until they are weighed.
*)
