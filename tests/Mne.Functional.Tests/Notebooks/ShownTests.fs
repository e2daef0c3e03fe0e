/// What notebooks show of values.
module Mne.Functional.Tests.ShownTests

open System
open System.IO
open Expecto
open Microsoft.FSharp.Reflection
open Mne.Functional

let private shown (mimeType: string) (value: obj) =
    use writer = new StringWriter()
    Expect.isTrue ((Notebooks.Formatter mimeType).Format(value, writer)) "shown"
    string writer

let private text (value: obj) = shown "text/plain" value
let private html (value: obj) = shown "text/html" value

/// Records and unions that are parts of others, or are not looked at.
let private unseen =
    set
        [
            "Attempt"
            "Block"
            "CheckpointInterval"
            "Decision"
            "Device"
            "Direction"
            "ErrorScale"
            "Event"
            "EvolutionState"
            "FitState"
            "FieldNote"
            "GenericTangent"
            "InferenceData"
            "Integration`2"
            "IntegratorState`2"
            "Jet"
            "Local"
            "Member"
            "PointDynamics"
            "Precision"
            "Proposal"
            "Redraw"
            "ReverseKernel"
            "SdeScheme"
            "Segment"
            "StopEvent"
            "Tableau"
            "Tangent"
            "Trajectory`1"
            "VectorField"
            "Communicator"
        ]

[<Tests>]
let tests =
    testList
        "Shown"
        [
            test "every record and union that people look at is shown by us" {
                let unmarked =
                    [
                        for kind in typeof<Term>.Assembly.GetExportedTypes() do
                            if
                                kind.Namespace = "Mne.Functional"
                                && not kind.IsNested
                                && (FSharpType.IsRecord(
                                       kind,
                                       Reflection.BindingFlags.NonPublic ||| Reflection.BindingFlags.Public
                                    )
                                    || FSharpType.IsUnion kind)
                                && not (kind.IsDefined(typeof<Notebooks.TypeFormatterSourceAttribute>, false))
                            then
                                kind.Name
                    ]

                Expect.equal (set unmarked - unseen) Set.empty "not marked"
            }

            Check.scoped "functions and tensors inside of records are named, not spelled out"
            <| fun () ->
                let density = Density.ofEnergy 2 (fun x -> x.square().sum 1L)
                Expect.equal (text density) "Dimension: 2\nEnergy: a function" "a density"

                let chain =
                    {
                        Points = Tensor.ofRows Placement.float64 [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]
                        AcceptanceRate = 0.5
                    }

                Expect.equal (text chain) "Points: Float64 tensor, 2 × 2\nAcceptanceRate: 0.5" "a chain"

                let values: obj list =
                    [
                        Sampler.defaults
                        Evolution.defaults
                        Regression.defaults
                        Posterior.defaults
                        Report.defaults
                        Chains.defaults
                        AnnealedDraws.defaults
                        ReverseSde.defaults
                        Run.quiet
                        Process.ornsteinUhlenbeck 2
                        Network.create (Domain.box [ (0.0, 1.0) ]) [ Layer.dense 8 Tanh ]
                    ]

                for value in values do
                    for said in [ text value; html value ] do
                        Expect.isFalse (said.Contains "<fun:" || said.Contains "FSharpFunc") $"no functions: {said}"
                        Expect.isLessThan said.Length 8_000 "short"

                    Expect.stringStarts (html value) "<table>" "a table"

            Check.scoped "what says something of itself is shown so, encoded"
            <| fun () ->
                let said, marked =
                    text (Term.laplacian - 2.0 * Term.value), html (Term.laplacian - 2.0 * Term.value)

                Expect.equal said "Δu − 2 u" "mathematics"
                Expect.equal marked "<span>Δu − 2 u</span>" "encoded"

                Expect.equal
                    (text
                        {
                            Value = 1.23456
                            StandardError = 0.0123
                        })
                    "1.235 ± 0.012"
                    "the digits that the error leaves"

                Expect.equal (text { Value = 3.0; StandardError = 0.0 }) "3 ± 0" "exact"

                Expect.equal
                    (text
                        {
                            Value = 3.0
                            StandardError = infinity
                        })
                    "3 ± ∞"
                    "from one draw"

            Check.scoped "draws are a table of what they say, and say what is wrong with them"
            <| fun () ->
                let points = Random.normal Placement.float64 1 [ 60; 2 ]

                let draws =
                    {
                        Points = points
                        LogProposal = points.select (1L, 0L)
                        LogWeights = points.select (1L, 0L) * 0.0
                    }

                let shown = html draws
                Expect.stringContains shown "<table>" "a table"
                Expect.stringContains shown ">x1</td>" "a row for each coordinate"
                Expect.equal (text draws) "60 weighted draws, d = 2" "one line"

                let empty =
                    { draws with
                        LogWeights = draws.LogWeights + Double.NegativeInfinity
                    }

                Expect.stringContains (html empty) "weight" "what is wrong"

            Check.scoped "of draws with many coordinates the first rows are shown, and how many more there are"
            <| fun () ->
                let points = Random.normal Placement.float64 1 [ 20; 70 ]

                let draws =
                    {
                        Points = points
                        LogProposal = points.select (1L, 0L)
                        LogWeights = points.select (1L, 0L) * 0.0
                    }

                let shown = html draws
                Expect.stringContains shown "x49" "fifty"
                Expect.isFalse (shown.Contains ">x50<") "no more"
                Expect.stringContains shown "20 more" "how many"

            Check.scoped "a tensor by itself is shown with its numbers"
            <| fun () -> Expect.stringContains (text (Tensor.ofArray Placement.float64 [| 1.5; 2.5 |])) "1.5" "numbers"
        ]
