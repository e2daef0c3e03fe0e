// Weighted samples from the formula of a density, log Z, and whether to trust them. Change the formula and the names, and run it again: dotnet run
using Mne.Functional.CSharp;

Console.WriteLine("Samples from a formula. Loading libtorch …");

// The energy V of the density e^{−V}, up to a constant: a number for each row of x (N × 2). Change this; numbers beside tensors are
// written Times, Plus, Minus. The first argument is how many coordinates a point has.
var target = Density.OfEnergy(2, x => x.norm(1).Minus(2.0).Square().Times(4.0));

// Names of the coordinates.
string[] names = ["x", "y"];

using var progress = new ConsoleProgress();
using var posterior = Posterior.Sample(target, progress: progress);
Console.WriteLine(posterior);

using var named = NamedDraws.OfDraws(posterior.Draws, names);
Console.WriteLine(Summary.Create(named));

// As many coordinates as there are names, two to eight.
var picture = DrawsChart.Corner(named).Titled("Draws").Save("draws.html");
Console.WriteLine($"picture: {picture}");
