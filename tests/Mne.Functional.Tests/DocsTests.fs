/// The guide's code, run as a reader runs it.
module Mne.Functional.Tests.DocsTests

open System
open System.Diagnostics
open System.IO
open System.Numerics
open System.Text.RegularExpressions
open Expecto
open Mne.Functional.References

/// The folder of the solution.
let root =
    let rec up (folder: DirectoryInfo) =
        if File.Exists(Path.Combine(folder.FullName, "Mne.Functional.sln")) then
            folder.FullName
        else
            match folder.Parent with
            | null -> failtest $"no solution above {AppContext.BaseDirectory}"
            | parent -> up parent

    lazy up (DirectoryInfo AppContext.BaseDirectory)

/// What F# Interactive prints for a script that is run in a folder; fails if the script does.
let interactive (options: string list) (folder: string) (script: string) =
    let host =
        match Environment.GetEnvironmentVariable "DOTNET_HOST_PATH" with
        | null -> "dotnet"
        | path -> path

    let start =
        ProcessStartInfo(
            host,
            [ "fsi"; "--warnaserror+"; yield! options; script ],
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        )

    use fsi = nonNull (Process.Start start)
    let errors = fsi.StandardError.ReadToEndAsync()
    let output = fsi.StandardOutput.ReadToEndAsync()

    if not (fsi.WaitForExit(TimeSpan.FromMinutes 5.0)) then
        fsi.Kill true
        failtest $"{script} does not end"

    Expect.equal fsi.ExitCode 0 $"{script}: {output.Result} {errors.Result}"
    output.Result

[<Tests>]
let tests =
    testList
        "Docs"
        [
            test "each promise of the guarantees has a test that is there" {
                let sources =
                    Directory.EnumerateFiles(
                        Path.Combine(root.Value, "tests"),
                        "*Test*.*s",
                        SearchOption.AllDirectories
                    )
                    |> Seq.append (
                        Directory.EnumerateFiles(Path.Combine(root.Value, "tests"), "*.fs", SearchOption.AllDirectories)
                    )
                    |> Seq.filter (fun path -> not (path.Contains "/obj/" || path.Contains "/bin/"))
                    |> Seq.map File.ReadAllText
                    |> String.concat "\n"

                let named =
                    [
                        for line in File.ReadAllLines(Path.Combine(root.Value, "docs", "guarantees.md")) do
                            if line.StartsWith '|' && not (line.StartsWith "|---") then
                                for name in Regex.Matches((line.Split '|')[2], "`([^`]*)`") do
                                    name.Groups[1].Value
                    ]

                Expect.isGreaterThan named.Length 20 "promises with tests"

                for name in named do
                    // A row of .ci/trust, a list, or a test.
                    let text = name.Replace(".ci/trust ", "")
                    Expect.isTrue (sources.Contains $"\"{text}" || sources.Contains $"void {text}(") name
            }

            test "an equation of five terms in under ten lines, as the guide has it, against a spectral solution" {
                // Scripts use the library that was built for release.
                if not (AppContext.BaseDirectory.Contains "Release") then
                    skiptest "run with -c Release"

                let script = "docs/compose-an-equation.fsx"
                let text = File.ReadAllText(Path.Combine(root.Value, script))

                let snippet =
                    Regex.Match(text, @"\(\*\* \*\)\s+(let reaction.*?)\s+\(\*\*", RegexOptions.Singleline)

                Expect.isTrue snippet.Success "the snippet is there"
                Expect.isLessThan (snippet.Groups[1].Value.Split '\n').Length 10 "lines"

                let printed =
                    Regex.Match(
                        interactive [] root.Value script,
                        @"^(.*) at t = 2: u = \[\|(.*)\|\]",
                        RegexOptions.Multiline
                    )

                Expect.equal printed.Groups[1].Value "0.02 ∂₀²u − 0.5 ∂₀u + u − u³ − ⟨u − u³⟩" "five terms"

                let found =
                    printed.Groups[2].Value.Split ';'
                    |> Array.map (fun number -> Double.Parse(number, Globalization.CultureInfo.InvariantCulture))

                let equation: Spectral1D.Equation =
                    {
                        Low = 0.0
                        High = 2.0 * Math.PI
                        Linear = fun k -> Complex(-0.02 * k * k, -0.5 * k)
                        // Without its mean.
                        Outer = fun k -> if k = 0.0 then Complex.Zero else Complex.One
                        Inner = fun u -> u - u * u * u
                    }

                let reference =
                    Spectral1D.converged 1e-8 equation (fun x -> 0.2 + 0.5 * sin (2.0 * x)) 64 50 [| 2.0 |]

                let exact = Spectral1D.evaluate reference.Solution 0 [| 0.5; 2.0; 4.0 |]

                for found, exact in Array.zip found exact do
                    Expect.isLessThan (abs (found - exact)) 1e-3 $"u = {exact}"
            }

            test "the map has every folder in its order, every file, and the reason of every long one" {
                let map = File.ReadAllText(Path.Combine(root.Value, "docs/map.md"))
                let project name = Path.Combine(root.Value, "src", name)

                let files name =
                    [
                        for compiled in
                            Regex.Matches(
                                File.ReadAllText(Path.Combine(project name, $"{name}.fsproj")),
                                "Compile Include=\"(.*)\\.fs\""
                            ) -> compiled.Groups[1].Value
                    ]

                let core, reporting = files "Mne.Functional", files "Mne.Functional.Reporting"
                Expect.isGreaterThan core.Length 80 "the files are found"

                let floors =
                    core
                    |> List.map (fun file -> file.Split('/')[0])
                    |> List.fold
                        (fun seen floor ->
                            if List.tryHead seen = Some floor then
                                seen
                            else
                                floor :: seen)
                        []
                    |> List.rev

                Expect.equal (List.distinct floors) floors "no folder is entered twice"

                let headings =
                    [
                        for heading in Regex.Matches(map, "^## (\\w+):", RegexOptions.Multiline) ->
                            heading.Groups[1].Value
                    ]

                Expect.equal headings floors "the order of the map"

                let long, questions =
                    map.IndexOf "## Files over 450 lines", map.IndexOf "## Where is"

                for file in core @ reporting do
                    let name = Path.GetFileName file

                    if not (file.Contains "/Kinds/") then
                        Expect.stringContains map[.. long - 1] $"`{name}`" $"{file} has its place"

                for name, files in [ "Mne.Functional", core; "Mne.Functional.Reporting", reporting ] do
                    for file in files do
                        if File.ReadAllLines(Path.Combine(project name, $"{file}.fs")).Length > 450 then
                            Expect.stringContains map[long..questions] $"`{file}`" $"{file} is long for a reason"
            }

            test "the answers to the questions of the map are files" {
                let map = File.ReadAllText(Path.Combine(root.Value, "docs/map.md"))
                let answers = map[map.IndexOf "Answers:" ..]
                let named = Regex.Matches(answers, @"\d+ `([\w/]+)`")
                Expect.equal named.Count 20 "twenty of them"

                for answer in named do
                    let file =
                        answer.Groups[1].Value.Replace("Reporting/", "../Mne.Functional.Reporting/")

                    Expect.isTrue
                        (File.Exists(Path.Combine(root.Value, "src/Mne.Functional", $"{file}.fs")))
                        $"{file} is there"
            }
        ]
