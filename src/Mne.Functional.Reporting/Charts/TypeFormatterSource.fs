namespace Mne.Functional.Reporting.Notebooks

open System

/// <summary>
/// Notebooks (.NET Interactive) ask the types of results for an attribute of this name, and the class that it leads to
/// for formatters; they go by names, so that no reference to them is needed.
/// </summary>
[<AttributeUsage(AttributeTargets.Class)>]
type TypeFormatterSourceAttribute() =
    inherit Attribute()

    /// <summary>The class that makes formatters. Looked up by name, since it is made of what comes later.</summary>
    member _.FormatterSourceType =
        typeof<TypeFormatterSourceAttribute>.Assembly.GetType "Mne.Functional.Reporting.Notebooks.Formatters"

    /// <summary>How notebooks show what has the attribute.</summary>
    member _.PreferredMimeTypes = [| "text/html"; "text/plain" |]
