using System.Diagnostics;
using Mne.Functional.CSharp;

namespace Samples;

/// <summary>Weighted samples from a formula: two Gaussian modes in the plane, of which the program is told only the energy.</summary>
internal static class Sampling
{
    public static void Run(string picture)
    {
        // Control-C ends the run between two steps.
        using var interrupt = new CancellationTokenSource();
        void OnPressed(object? sender, ConsoleCancelEventArgs pressed)
        {
            pressed.Cancel = true;
            interrupt.Cancel();
        }

        Console.CancelKeyPress += OnPressed;
        try
        {
            Run(picture, interrupt.Token);
        }
        finally
        {
            Console.CancelKeyPress -= OnPressed;
        }
    }

    private static void Run(string picture, CancellationToken interrupt)
    {
        var clock = Stopwatch.StartNew();
        using var progress = new ConsoleProgress();
        var target = Density.GaussianMixture((0.7, [1.5, 0.0], 0.6), (0.3, [-1.5, 0.0], 0.6));
        var options = new SamplerOptions
        {
            Network = plane => Network.Create(plane, Layer.Dense(32, Activation.Swish), Layer.Dense(32, Activation.Swish)),
            Cover = new() { Points = 300, FitPoints = 300 },
            Evolve = SamplerOptions.Defaults.Evolve with { Sketch = Sketch.Landmarks(150), Regularisation = 1e-7 },
        };

        using var sampler = Sampler.Evolve(target, options, progress: progress, cancellationToken: interrupt);
        using var draws = sampler.Draw(2000, progress: progress, cancellationToken: interrupt);

        var logZ = draws.LogNormaliser;
        var right = draws.Expectation(x => x.select(1, 0).sign().relu());
        Console.WriteLine($"effective sample size  {100.0 * draws.EffectiveSampleSize:F1} % of 2000 draws");
        Console.WriteLine($"log Z                  {logZ}   (exact: 0)");
        Console.WriteLine($"weight of x₀ > 0       {right}   (exact: 0.699)");

        using var shown = draws.Resample(1000);
        var path = Chart.Points("draws", shown).Titled("Draws of two modes").Axes("x₀", "x₁").EqualAspect().Save(picture);
        Console.WriteLine($"picture: {path}");
        Console.WriteLine(
            $"result: {{\"ess\": {draws.EffectiveSampleSize:R}, \"logZError\": {Math.Abs(logZ.Value):R}, \"seconds\": {clock.Elapsed.TotalSeconds:F1}}}");
    }
}
