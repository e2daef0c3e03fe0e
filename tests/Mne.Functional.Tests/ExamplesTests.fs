/// The documentation comments: that they are XML proper, and that every example in them runs.
module Mne.Functional.Tests.ExamplesTests

open System
open System.IO
open System.Reflection
open System.Text.RegularExpressions
open System.Xml.Linq
open Expecto
open Mne.Functional
open Mne.Functional.Reporting

let private libraries = [ typeof<Term>.Assembly; typeof<Chart>.Assembly ]

/// The documented members of a library by name, such as Mne.Functional.Term.partial, as the compiler wrote them.
let private documented (library: Assembly) =
    let name = library.GetName().Name

    let path =
        Path.Combine(DocsTests.root.Value, $"src/{name}/bin/Release/net10.0/{name}.xml")

    [
        for m in XDocument.Load(path).Descendants "member" do
            let name = (nonNull (m.Attribute "name")).Value
            Regex.Replace(name.Substring 2, @"\(.*|``\d+", ""), m
    ]

/// What a program that references a library can name: types and their members.
let private visible (library: Assembly) =
    let flags =
        BindingFlags.Public
        ||| BindingFlags.Static
        ||| BindingFlags.Instance
        ||| BindingFlags.DeclaredOnly

    [
        for t in library.GetExportedTypes() do
            let name = (nonNull t.FullName).Replace('+', '.')
            t, name, None

            for m in t.GetMembers flags do
                t, $"{name}.{m.Name}", Some m
    ]

/// Without the spaces that all lines begin with.
let private dedented (text: string) =
    let lines =
        text.TrimEnd().Split '\n'
        |> Array.skipWhile String.IsNullOrWhiteSpace
        |> Array.map _.TrimEnd()

    let margin =
        lines
        |> Array.filter (fun line -> line <> "")
        |> Array.map (fun line -> line.Length - line.TrimStart().Length)
        |> Array.min

    lines |> Array.map (fun line -> line.Substring(min margin line.Length))

/// Each example as a function of its own, behind the names of Examples.fsx; what the compiler says names the member.
let private script =
    lazy
        [
            $"#load @\"{DocsTests.root.Value}/tests/Mne.Functional.Tests/Examples.fsx\""
            "open System"
            "open TorchSharp"
            "open Mne.Functional"
            "open Mne.Functional.Reporting"
            "open Examples"

            for name, m in List.collect documented libraries do
                for example in m.Elements "example" do
                    $"attempt \"{name}\" (fun () ->"
                    $"# 1 \"{name}\""
                    yield! dedented example.Value |> Array.map (fun line -> $"    {line}")
                    "    ())"

            "finish ()"
        ]

[<Tests>]
let tests =
    testList
        "Examples"
        [
            test "every public function is documented, in elements: no tag, exception or code is text" {
                for library in libraries do
                    let comments = documented library
                    let named = set (List.map fst comments)
                    let visible = visible library
                    let names = visible |> List.map (fun (_, name, _) -> name) |> set

                    for t, name, m in visible do
                        match m with
                        // A module is an abstract sealed class; an inline function that resolves overloads has a shadow of its own.
                        | Some(:? MethodInfo) when
                            t.IsAbstract && t.IsSealed && not (name.Contains ".get_" || name.EndsWith "$W")
                            ->
                            Expect.isTrue (named.Contains name) $"{name} has a comment"
                        | _ -> ()

                    for name, m in comments do
                        if names.Contains name then
                            let summary = m.Elements "summary" |> Seq.map _.Value |> String.concat " "

                            Expect.isFalse
                                (Regex.IsMatch(summary, @"</?[a-z]+>|`|MATH\.md")
                                 || String.IsNullOrWhiteSpace summary)
                                $"{name}: {summary}"
            }

            test "every example of the F# libraries runs" {
                // Scripts use the library that was built for release.
                if not (AppContext.BaseDirectory.Contains "Release") then
                    skiptest "run with -c Release"

                let count =
                    script.Value
                    |> List.filter (fun line -> line.StartsWith "attempt")
                    |> List.length

                Expect.isGreaterThan count 100 "examples"
                let folder = Directory.CreateTempSubdirectory("mne-examples-").FullName

                try
                    let path = Path.Combine(folder, "examples.fsx")
                    File.WriteAllLines(path, script.Value)
                    // An example may end in a value that F# Interactive shows.
                    DocsTests.interactive [ "--nowarn:20" ] folder path |> ignore
                finally
                    Directory.Delete(folder, true)
            }
        ]
