namespace Mne.Functional

open System

/// <summary>Where draws come from.</summary>
[<RequireQualifiedAccess; Notebooks.TypeFormatterSource>]
type Route =
    /// <summary>A mixture of normal distributions in closed form, with a few draws from heavier tails.</summary>
    | Mixture
    /// <summary>The probability flow of an evolved energy, of which the mixture is the known part (<c>Sampler</c>).</summary>
    | Flow
    /// <summary>Tempered sequential Monte Carlo from the mixture to the target.</summary>
    | Tempered

    /// <summary>In words.</summary>
    override route.ToString() =
        match route with
        | Mixture -> "mixture"
        | Flow -> "flow"
        | Tempered -> "tempered"

/// <summary>What was found of, and chosen for, coordinates that are independent of all others.</summary>
[<Notebooks.TypeFormatterSource>]
type BlockPlan =
    {
        /// <summary>The coordinates, counted from 0.</summary>
        Coordinates: int[]
        /// <summary>The first block, counted from 0, whose density is the same function: what was found for that one is used again. Its own number
        /// where there is none before.</summary>
        Like: int
        /// <summary>How many modes the search found.</summary>
        Modes: int
        /// <summary>How many temperatures led from wide draws to the target.</summary>
        Temperatures: int
        /// <summary>K, the components of the mixture.</summary>
        Components: int
        /// <summary>The efficiency of each route that was tried.</summary>
        Efficiencies: (Route * float) list
        /// <summary>The route that is taken.</summary>
        Route: Route
        /// <summary>log Z by each way that was tried, with its error.</summary>
        Evidence: (string * Estimate) list
        /// <summary>What went wrong on the way, in words; nothing most often.</summary>
        Remarks: string list
        /// <summary>How long it took.</summary>
        Elapsed: TimeSpan
    }

/// <summary>What the program found and chose, and why.</summary>
[<StructuredFormatDisplay("{Text}"); Notebooks.TypeFormatterSource>]
type Plan =
    {
        /// <summary>Blocks of coordinates that are independent of each other, as the formula's second derivatives tell.</summary>
        Blocks: BlockPlan list
    }

    /// <summary>A few lines of text.</summary>
    member plan.Text =
        let same, own =
            plan.Blocks
            |> List.indexed
            |> List.partition (fun (i, block) -> block.Like <> i)

        let line (i: int, block: BlockPlan) =
            let d = block.Coordinates.Length

            let counted (n: int) (word: string) =
                if n = 1 then $"1 {word}" else $"{n} {word}s"

            let alike = same |> List.filter (fun (_, b) -> b.Like = i) |> List.length

            let efficiencies =
                block.Efficiencies
                |> List.map (fun (route, e) -> $"{route} {100.0 * e:F1} %%")
                |> String.concat ", "

            let evidence =
                block.Evidence
                |> List.map (fun (name, e) -> $"{name} {e.Value:F3} ± {e.StandardError:G2}")
                |> String.concat ", "

            String.concat
                "\n"
                [
                    $"""{counted d "coordinate"}{if alike > 0 then $" (and {alike} more alike)" else ""}: {counted block.Modes "mode"}, {counted block.Temperatures "temperature"}, {counted block.Components "component"}, {block.Elapsed.TotalSeconds:F1} s"""
                    $"  draws by {block.Route}; efficiencies: {efficiencies}"
                    $"  log Z: {evidence}"
                    yield! block.Remarks |> List.map (fun remark -> "  " + remark)
                ]

        let head =
            match plan.Blocks.Length with
            | 1 -> []
            | n -> [ $"{n} blocks of coordinates are independent" ]

        String.concat "\n" (head @ List.map line own)

    override plan.ToString() = plan.Text
