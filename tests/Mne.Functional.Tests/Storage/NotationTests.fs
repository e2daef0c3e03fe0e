module Mne.Functional.Tests.NotationTests

open System
open Expecto
open FsCheck
open Mne.Functional

/// Read back from its text, in which it is the same again.
let private again (value: 'a) : 'a =
    let text = Notation.write value
    let found = Notation.read<'a> text
    Expect.equal (Notation.write found) text "text of what was read"
    found

let private circle = Domain.periodic [ -1.0, 0.1 ]

let private networks =
    let layers =
        [
            Layer.harmonics 3
            Layer.residual [ Layer.dense 6 Sine ]
            Layer.concatenate [ Layer.dense 4 Gelu ]
            Layer.dense 5 Tanh
        ]

    [
        "layers", Network.create circle layers
        "blocks", Network.ofBlocks (Domain.euclidean 3) [ [ 0; 1 ]; [ 1; 2 ] ] [ Layer.dense 4 Swish ]
        "rescaled",
        Network.create (Domain.box [ 0.0, 3.0 ]) [ Layer.normalise [ 0.1 ] [ 0.3 ]; Layer.dense 4 Softplus ]
        |> Network.rescaled [ 1.0 / 3.0 ] [ 0.7 ]
        "sum", Network.add [ Network.create circle [ Layer.harmonics 1 ]; Network.create circle layers ]
    ]

[<Tests>]
let tests =
    testList
        "Notation"
        [
            Check.property "every number reads back to the same bits" (fun (NormalFloat x) (y: float) ->
                for value in [ x; y; x / 3.0; Double.Epsilon; nan; infinity; -infinity; -0.0 ] do
                    Expect.equal
                        (BitConverter.DoubleToInt64Bits(again value))
                        (BitConverter.DoubleToInt64Bits value)
                        "bits")

            testCase "unions, records, tuples, options, lists, arrays and matrices read back equal"
            <| fun () ->
                for outcome in
                    [
                        Outcome.Completed
                        Outcome.StoppedByEvent("a \"front\" at x₁ = ½", 0.1)
                        Outcome.TooManySteps(0.3, 7)
                        Outcome.NonFinite "u"
                    ] do
                    Expect.equal (again outcome) outcome "outcome"

                Expect.equal
                    (again (Some 0.1, [ Covariance.Isotropic 0.1; Covariance.Full(array2D [ [ 1.0; 0.1 ] ]) ]))
                    (Some 0.1, [ Covariance.Isotropic 0.1; Covariance.Full(array2D [ [ 1.0; 0.1 ] ]) ])
                    "diffusions"

                Expect.equal (again (None: float option)) None "none"
                Expect.equal (again Method.dormandPrince54) Method.dormandPrince54 "method"
                Expect.equal (again Method.stabilised) Method.stabilised "a method without a tableau"
                Expect.equal (again Method.automatic) Method.automatic "another"
                Expect.equal (again Controller.proportionalIntegral) Controller.proportionalIntegral "controller"

            Check.scoped "methods and controllers of one's own are kept by their names, and raise when used" (fun () ->
                let method =
                    again
                        { Method.dormandPrince54 with
                            Name = "own"
                            Tableau = None
                        }

                let controller = again (Controller.constant 0.5)
                Expect.equal (method.Name, controller.Name) ("own", "constant 0.5") "names"
                let y = Tensor.ones Placement.float64 [ 1 ]
                let functions = [ "functions are not kept"; "method or controller" ]
                Check.refuses functions (fun () -> method.Start (fun _ y -> y) 0.0 y y [] |> ignore)
                Check.refuses functions (fun () -> method.Step (fun _ y -> y) 0.0 y 0.1 [ y ] |> ignore)

                Check.refuses functions (fun () ->
                    controller.Adapt
                        {
                            Time = 0.0
                            Step = 0.5
                            Error = 0.0
                            Order = 5
                            AfterRejection = false
                        }
                        []
                    |> ignore))

            testList
                "a network is made again from its recipe"
                [
                    for name, network in networks ->
                        Check.scoped name (fun () ->
                            let again = Network.ofRecipe (again network.Recipe)
                            Expect.equal again.Description network.Description "description"
                            let x = Random.uniform Placement.float64 3 [ 20; network.Domain.Dimension ]
                            let θ = Network.initial network 5
                            Check.identical "initial parameters" (Network.initial again 5) θ
                            Check.identical "values" (Network.value again θ x) (Network.value network θ x))
                ]

            testCase "a network of a function is refused, and the message says what to do"
            <| fun () ->
                let bump =
                    Network.ofFunction (Domain.euclidean 1) 1 (fun p s -> Random.normal p s [ 1 ]) (fun θ x ->
                        θ[0] * x.squeeze 1L)

                Check.refuses [ "recipe"; "a function of 1 parameters"; "give the network" ] (fun () ->
                    Network.ofRecipe (again bump.Recipe) |> ignore)

            Check.scoped "a term reads the same; its functions raise when it is evaluated" (fun () ->
                let term =
                    0.1 * Term.laplacian - Term.pown 3 Term.value
                    + Term.mean (Term.known "f" (fun t x -> t * x.squeeze 1L))
                    - Term.transport "b" (fun _ x -> x)
                    + Term.custom "g" [ Derivative.Partial(0, 1) ] (fun local -> Jet.value local.Jet)
                    + Term.map "exp" (fun u -> u.exp ()) Term.gradientNormSquared

                let found = again term
                Expect.equal (Term.show found) (Term.show term) "as mathematics"
                Expect.equal (Term.needs 1 found) (Term.needs 1 term) "derivatives"

                let local =
                    {
                        Time = 1.0
                        Points = Check.normal 1 [ 3; 1 ]
                        Jet =
                            Network.jet
                                (Term.needs 1 term)
                                (snd networks[2])
                                (Network.initial (snd networks[2]) 1)
                                (Check.normal 1 [ 3; 1 ])
                    }

                Check.refuses [ "functions are not kept in files" ] (fun () -> Term.evaluate found local |> ignore)

                let plain = 0.1 * Term.laplacian - Term.pown 3 Term.value
                Check.identical "values" (Term.evaluate (again plain) local) (Term.evaluate plain local))

            testCase "text that describes something else is refused"
            <| fun () ->
                Check.refuses [ "damaged" ] (fun () -> Notation.read<Outcome> "{" |> ignore)

                Check.refuses [ "does not know"; "Softmax" ] (fun () ->
                    Notation.read<Activation> "\"Softmax\"" |> ignore)

                Check.refuses [ "does not describe" ] (fun () -> Notation.read<float> "\"abc\"" |> ignore)
        ]
