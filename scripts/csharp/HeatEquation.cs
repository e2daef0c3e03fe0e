using Mne.Functional.CSharp;

namespace Samples;

/// <summary>The heat equation on a circle, against its exact solution e^{−κt} sin x.</summary>
internal static class HeatEquation
{
    public static void Run(string picture)
    {
        const double κ = 0.1, end = 2.0;
        using var progress = new ConsoleProgress();

        // The equation, the function class, and where the equation is imposed.
        var equation = κ * Term.Laplacian;
        var circle = Domain.Periodic((0.0, 2.0 * Math.PI));
        var network = Network.Create(circle, Layer.Harmonics(2), Layer.Dense(24, Activation.Sine));
        var points = Collocation.Grid(circle, 64);

        // Fit the initial value, then let the parameters follow the equation.
        using var start = Regression.Fit(network, x => x.squeeze(1).sin(), points, progress: progress);
        using var solution = Evolution.Solve(equation, network, points, start, 0.0, end, progress: progress);

        // Compare with the exact solution.
        const int n = 200;
        var x = Enumerable.Range(0, n).Select(i => 2.0 * Math.PI * i / n).ToArray();
        var grid = new double[n, 1];
        for (var i = 0; i < n; i++)
            grid[i, 0] = x[i];

        var u = solution.Evaluate(end, grid);
        var exact = x.Select(xi => Math.Exp(-κ * end) * Math.Sin(xi)).ToArray();
        var error = Math.Sqrt(u.Zip(exact, (a, b) => (a - b) * (a - b)).Sum() / exact.Sum(b => b * b));

        Console.WriteLine($"∂u/∂t = {equation}, solved from t = 0 to {end} in {solution.Steps.Count} steps: relative error {error:G2}");

        var path = Chart
            .Lines(Series.Line("network", x, u), Series.Dashed("exact", x, exact))
            .Titled($"Heat equation at t = {end}")
            .Axes("x", $"u(x, {end})")
            .Save(picture);

        Console.WriteLine($"picture: {path}");
        Console.WriteLine($"result: {{\"relativeL2\": {error:R}, \"seconds\": {solution.Elapsed.TotalSeconds:F2}}}");
    }
}
