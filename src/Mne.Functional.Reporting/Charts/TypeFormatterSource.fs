namespace Mne.Functional.Reporting.Notebooks

open System

/// Notebooks (.NET Interactive) ask the types of results for an attribute of this name, and the class that it leads to for formatters; they
/// go by names, so that no reference to them is needed.
[<AttributeUsage(AttributeTargets.Class)>]
type TypeFormatterSourceAttribute() =
    inherit Attribute()

    /// The class that makes formatters. Looked up by name, since it is made of what comes later.
    member _.FormatterSourceType =
        typeof<TypeFormatterSourceAttribute>.Assembly.GetType "Mne.Functional.Reporting.Notebooks.Formatters"

    /// How notebooks show what has the attribute.
    member _.PreferredMimeTypes = [| "text/html" |]
