// Three programs that use the library from C#:
//     dotnet run -c Release --project scripts/csharp -- heat | sampling | custom
// "dotnet run" first looks whether all of it is built, which takes seconds without a word; --no-build before "--" leaves that out.
using System.Globalization;
using System.Runtime.CompilerServices;
using Samples;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

// The folder for pictures, beside scripts/.
static string Output(string name, [CallerFilePath] string here = "") =>
    Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "output", name));

// The first text comes before libtorch is loaded, which takes seconds where the machine is busy.
static void Says(string what) => Console.WriteLine($"{what}. Loading libtorch …");

try
{
    switch (args)
    {
        case ["heat"]:
            Says("The heat equation, against its exact solution");
            HeatEquation.Run(Output("csharp-heat.html"));
            return 0;
        case ["sampling"]:
            Says("Weighted samples of two modes, from their formula");
            Sampling.Run(Output("csharp-sampling.html"));
            return 0;
        case ["custom"]:
            Says("An equation of one's own: curve shortening with a push");
            CustomEquation.Run(Output("csharp-custom.html"));
            return 0;
        default:
            Console.Error.WriteLine("Say which: heat, sampling or custom.");
            return 1;
    }
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("Interrupted; nothing was written.");
    return 130;
}
