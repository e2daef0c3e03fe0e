// An evolution equation from a tolerance alone: network, points and steps are chosen. Change the equation, and run it again: dotnet run
using Mne.Functional.CSharp;

Console.WriteLine("An evolution equation. Loading libtorch …");

// Where x lives: a circle here; Domain.Dirichlet or Domain.Neumann have ends.
const double low = 0.0, high = 2.0 * Math.PI, finish = 2.0;
var domain = Domain.Periodic((low, high));

// ∂u/∂t. Change this: terms are added and multiplied.
var equation = 0.05 * Term.Laplacian + Term.Value - Term.Value.Pow(3);

// u(0, x), a number for each row of x (N × 1), is the sine here.
using var progress = new ConsoleProgress();
using var automatic = AutomaticEvolution.Solve(1e-3, equation, domain, x => x.squeeze(1).sin(), 0.0, finish, progress: progress);
Console.WriteLine($"∂u/∂t = {equation}");
Console.WriteLine(automatic);

const int n = 129, m = 61;
var x = Enumerable.Range(0, n).Select(i => low + (high - low) * i / (n - 1)).ToArray();
var t = Enumerable.Range(0, m).Select(k => finish * k / (m - 1)).ToArray();
var places = new double[n, 1];
for (var i = 0; i < n; i++)
    places[i, 0] = x[i];

var values = new double[n, m];
for (var k = 0; k < m; k++)
{
    var u = automatic.Solution.Evaluate(t[k], places);
    for (var i = 0; i < n; i++)
        values[i, k] = u[i];
}

var picture = Chart.Heatmap("u(x, t)", x, t, values).Titled("The solution").Save("solution.html");
Console.WriteLine($"picture: {picture}");
