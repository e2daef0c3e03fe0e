// Three programs that use the library from C#:
//     dotnet run -c Release --project scripts/csharp -- heat | sampling | custom
using System.Globalization;
using System.Runtime.CompilerServices;
using Samples;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

// The folder for pictures, beside scripts/.
static string Output(string name, [CallerFilePath] string here = "") =>
    Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "output", name));

try
{
    switch (args)
    {
        case ["heat"]:
            HeatEquation.Run(Output("csharp-heat.html"));
            return 0;
        case ["sampling"]:
            Sampling.Run(Output("csharp-sampling.html"));
            return 0;
        case ["custom"]:
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
