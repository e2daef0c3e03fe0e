using Mne.Functional.CSharp;
using TorchSharp;

namespace Samples;

/// <summary>
/// An equation of one's own: curve shortening, u_t = u_xx / (1 + u_x²) + a travelling push, written as a function of local
/// values; with an event, a checkpoint and a saved result.
/// </summary>
internal static class CustomEquation
{
    public static void Run(string picture)
    {
        Derivative slope = Derivative.Partial(0), curvature = Derivative.Partial(0, 2);

        // Anything that can be computed from u and its derivatives at a point; the term lists those that it reads.
        var shortening = Term.Custom(
            "u_xx / (1 + u_x²)", [slope, curvature], here => here[curvature] / (1.0 + here[slope].square()));
        var equation = shortening + 0.5 * Term.Known("sin(x − t)", (t, x) => (x.squeeze(1) - t).sin());

        var circle = Domain.Periodic((0.0, 2.0 * Math.PI));
        var network = Network.Create(circle, Layer.Harmonics(3), Layer.Dense(32, Activation.Sine));
        var points = Collocation.Grid(circle, 96);

        var options = new EvolutionOptions
        {
            Tolerance = 1e-5,
            Regularisation = 1e-9,
            // The run ends when the curve has become as flat as this, or at t = 3.
            Events = [new StopEvent("flat", (t, θ, x) => Tensors.ToDouble(network.Gradient(θ, x).abs().max()) - 0.6)],
            Checkpoint = new Checkpoint { Path = Path.ChangeExtension(picture, ".checkpoint.h5"), EverySteps = 10 },
        };

        // The event ends the run before its phase is complete; leaving the function closes its line.
        Solution Solved()
        {
            using var progress = new ConsoleProgress();
            using var start = Regression.Fit(
                network, x => 1.5 * x.squeeze(1).cos(), points, new() { Steps = 60 }, progress: progress);
            return Evolution.TrySolve(equation, network, points, start, 0.0, 3.0, options, progress: progress);
        }

        using var solution = Solved();
        Console.WriteLine($"∂u/∂t = {equation}: {solution.Outcome}");
        var file = solution.Save(Path.ChangeExtension(picture, ".h5"), "curve shortening with a push");
        using var again = Solution.Open(file);

        const int n = 120, m = 40;
        var x = Enumerable.Range(0, n).Select(i => 2.0 * Math.PI * i / (n - 1)).ToArray();
        var t = Enumerable.Range(0, m).Select(k => solution.Stop * k / (m - 1)).ToArray();
        using var grid = Tensors.Line(x);
        var values = new double[n, m];
        for (var k = 0; k < m; k++)
        {
            using var u = again.Evaluate(t[k], grid);
            var column = Tensors.ToArray(u);
            for (var i = 0; i < n; i++)
                values[i, k] = column[i];
        }

        var path = Chart.SavePage(
            picture, "Curve shortening with a push", "A custom equation, written in C#.",
            Chart.Heatmap("u", x, t, values).Titled("u(x, t)").Axes("x", "t"),
            Chart.Animation(x, t, ("u", values)).Titled("Slices"));
        Console.WriteLine($"saved: {file}");
        Console.WriteLine($"picture: {path}");
        Console.WriteLine($"result: {{\"stop\": {solution.Stop:R}, \"seconds\": {solution.Elapsed.TotalSeconds:F2}}}");
    }
}
