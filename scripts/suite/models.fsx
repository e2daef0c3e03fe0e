// Models as posteriordb has them, other than linear regressions.
module Models

#load "regressions.fsx"

open TorchSharp
open Mne.Functional
open Families
open Regressions

/// The column of that number (M × 1).
let column (k: int) (x: Tensor) : Tensor = x.narrow (1L, int64 k, 1L)

let diamonds (data: Data) =
    let centred =
        Array.transpose (rows "X" data)
        |> Array.skip 1
        |> Array.map (fun c ->
            let mean = Array.average c
            c |> Array.map (fun v -> v - mean))

    let response = numbers "Y" data
    let columns = List.ofArray centred @ [ Array.create response.Length 1.0 ]

    let x =
        matrix (Array2D.init response.Length columns.Length (fun i j -> columns[j][i]))

    let likelihood = Likelihood.linear x (vector response)

    Model.create
        [
            Parameter.vector centred.Length "b"
            Parameter.real "Intercept"
            Parameter.positive "sigma"
        ]
        (fun p ->
            [
                Distribution.Normal(p["b"], 0.0, 1.0)
                Distribution.StudentT(p["Intercept"], 3.0, 8.0, 10.0)
                Distribution.HalfStudentT(p["sigma"], 3.0, 10.0)
                likelihood (Tensor.concatenate 1L [ p["b"]; p["Intercept"] ]) p["sigma"]
            ])
    |> entry

let arma (data: Data) =
    let y = numbers "y" data

    Model.create
        [
            Parameter.real "mu"
            Parameter.real "phi"
            Parameter.real "theta"
            Parameter.positive "sigma"
        ]
        (fun p ->
            let μ, φ, θ = p["mu"], p["phi"], p["theta"]

            let errors =
                (y[0] .- μ * (1.0 .+ φ), [ 1 .. y.Length - 1 ])
                ||> List.scan (fun error t -> y[t] .- (μ .+ y[t - 1] .* φ .+ θ * error))

            [
                Distribution.Normal(μ, 0.0, 10.0)
                Distribution.Normal(φ, 0.0, 2.0)
                Distribution.Normal(θ, 0.0, 2.0)
                Distribution.HalfCauchy(p["sigma"], 2.5)
                Distribution.Normal(Tensor.concatenate 1L errors, 0.0, p["sigma"])
            ])
    |> entry

/// log of the likelihood (M) of a chain of hidden states, from the transitions out of each (M × states) and logs of what each step's observation is in it
/// (M × steps): the forward algorithm. Probabilities are made to sum to one every few steps, before they underflow.
let hidden (transitions: Tensor list) (emissions: Tensor list) : Tensor =
    let highest = emissions |> List.reduce (fun a b -> a.maximum b)
    // Steps first, cut once: a slice for each step would cost its gradient a tensor of all steps.
    let likely =
        [ for logs in emissions -> (logs - highest).exp().t().contiguous().unbind 0 ]

    let matrix = [ for out in transitions -> out.t().contiguous().unbind 0 ]
    let sumOf = List.reduce (fun (a: Tensor) b -> a .+ b)

    let rescaled (probabilities: Tensor list) (sum: Tensor) =
        let total = sumOf probabilities
        [ for p in probabilities -> p / total ], sum .+ total.log ()

    let probabilities, sum =
        (([ for state in likely -> state[0] ], highest.sum 1L), [ 1 .. likely.Head.Length - 1 ])
        ||> List.fold (fun (probabilities, sum) t ->
            let next =
                likely
                |> List.mapi (fun k state ->
                    sumOf (List.map2 (fun p (out: Tensor[]) -> p * out[k]) probabilities matrix)
                    * state[t])

            if t % 16 = 0 then rescaled next sum else next, sum)

    snd (rescaled probabilities sum)

let hmmExample (data: Data) =
    let y = data["y"]

    Model.create
        [
            Parameter.simplex 2 "theta1"
            Parameter.simplex 2 "theta2"
            Parameter.positiveOrdered 2 "mu"
        ]
        (fun p ->
            [
                Distribution.Normal(p["mu"], vector [| 3.0; 10.0 |], 1.0)
                hidden [ p["theta1"]; p["theta2"] ] [ for k in 0..1 -> Distribution.Normal(y, column k p["mu"], 1.0) ]
            ])
    |> entry

let hmmDrive (data: Data) =
    let u, v, alpha = data["u"], data["v"], data["alpha"]

    Model.create
        [
            Parameter.simplex 2 "theta1"
            Parameter.simplex 2 "theta2"
            Parameter.positiveOrdered 2 "phi"
            Parameter.positiveOrdered 2 "lambda"
        ]
        (fun p ->
            [
                Distribution.Dirichlet(p["theta1"], alpha.select (0L, 0L))
                Distribution.Dirichlet(p["theta2"], alpha.select (0L, 1L))
                Distribution.Normal(p["phi"], vector [| 0.0; 3.0 |], 1.0)
                Distribution.Normal(p["lambda"], vector [| 0.0; 3.0 |], 1.0)
                hidden
                    [ p["theta1"]; p["theta2"] ]
                    [
                        for k in 0..1 ->
                            Distribution.Exponential(u, column k p["phi"])
                            .+ Distribution.Exponential(v, column k p["lambda"])
                    ]
            ])
    |> entry

let gaussMix (data: Data) =
    let y = data["y"]

    Model.create
        [
            Parameter.ordered 2 "mu"
            Parameter.positive "sigma" |> Parameter.repeated [ 2 ]
            Parameter.unit "theta"
        ]
        (fun p ->
            let part (k: int) =
                Distribution.Normal(y, column k p["mu"], column k p["sigma"])

            let θ = p["theta"]

            [
                Distribution.HalfNormal(p["sigma"], 2.0)
                Distribution.Normal(p["mu"], 0.0, 2.0)
                Distribution.Beta(θ, 5.0, 5.0)
                (θ.log () .+ part 0).logaddexp((1.0 .- θ).log() .+ part 1)
            ])
    |> entry

let gaussianProcess (data: Data) =
    let y = data["y"]
    let x = data["x"].unsqueeze 1L
    let n = x.shape[0]

    let distances, identity, zero =
        (x - x.t ()).Square(), torch.eye (n, dtype = x.dtype), torch.zeros_like y

    Model.create
        [
            Parameter.positive "rho"
            Parameter.positive "alpha"
            Parameter.positive "sigma"
        ]
        (fun p ->
            let ρ, α, σ =
                p["rho"].unsqueeze 2L, p["alpha"].unsqueeze 2L, p["sigma"].unsqueeze 2L

            let covariance = α.Square() * (-0.5 .* distances / ρ.Square()).exp() .+ σ * identity

            [
                Distribution.Gamma(p["rho"], 25.0, 4.0)
                Distribution.HalfNormal(p["alpha"], 2.0)
                Distribution.HalfNormal(p["sigma"], 1.0)
                Distribution.MultivariateNormal(y, zero, covariance)
            ])
    |> entry

let eightSchools (data: Data) =
    let y, errors = data["y"], data["sigma"]
    let schools = int y.shape[0]
    let effects (p: ParameterValues) = p["mu"] .+ p["tau"] * p["theta_trans"]

    let model =
        Model.create
            [
                Parameter.vector schools "theta_trans"
                Parameter.real "mu"
                Parameter.positive "tau"
            ]
            (fun p ->
                [
                    Distribution.Normal(p["theta_trans"], 0.0, 1.0)
                    Distribution.Normal(p["mu"], 0.0, 5.0)
                    Distribution.HalfCauchy(p["tau"], 5.0)
                    Distribution.Normal(y, effects p, errors)
                ])
        |> Model.derived "theta" effects

    { entry model with
        Hidden =
            fun draws ->
                let number (name: string) =
                    (NamedDraws.values name draws).unsqueeze 1L

                { draws with
                    Quantities =
                        draws.Quantities
                        @ [
                            {
                                Name = "theta_trans"
                                Shape = [ schools ]
                            }
                        ]
                    Values =
                        Tensor.concatenate
                            1L
                            [ draws.Values; (NamedDraws.values "theta" draws - number "mu") / number "tau" ]
                }
    }

/// Prey and predators after each unit of time, by the classical Runge–Kutta method for their logarithms; where they cease to be numbers, so does the energy.
let lotkaVolterra (stepsPerYear: int) (data: Data) =
    let times, observed = numbers "ts" data, data["y"]
    let h = 1.0 / float stepsPerYear
    let logTen = log 10.0

    if times <> [| for t in 1 .. times.Length -> float t |] then
        failwith "The observations are expected at the times 1, 2, …"

    Model.create
        [
            Parameter.positive "theta" |> Parameter.repeated [ 4 ]
            Parameter.positive "z_init" |> Parameter.repeated [ 2 ]
            Parameter.positive "sigma" |> Parameter.repeated [ 2 ]
        ]
        (fun p ->
            let θ, start, σ = p["theta"], p["z_init"], p["sigma"]
            // (α, −γ) and (−β, δ): what each grows by, and what the other adds to it.
            let growth = Tensor.concatenate 1L [ column 0 θ; -(column 2 θ) ]
            let other = Tensor.concatenate 1L [ -(column 1 θ); column 3 θ ]
            let slope (z: Tensor) : Tensor = growth .+ other * z.exp().flip 1L

            let step (z: Tensor) : Tensor =
                let k1 = slope z
                let k2 = slope (z .+ 0.5 * h .* k1)
                let k3 = slope (z .+ 0.5 * h .* k2)
                let k4 = slope (z .+ h .* k3)
                z .+ h / 6.0 .* (k1 .+ 2.0 .* k2 .+ 2.0 .* k3 .+ k4)

            let year (z: Tensor) : Tensor =
                (z, [ 1..stepsPerYear ]) ||> List.fold (fun z _ -> step z)

            let path =
                (start.log (), [ 1 .. times.Length ])
                ||> List.scan (fun z _ -> year z)
                |> List.tail
                |> Tensor.stack 1L

            [
                Distribution.Normal(θ, vector [| 1.0; 0.05; 1.0; 0.05 |], vector [| 0.5; 0.05; 0.5; 0.05 |])
                Distribution.LogNormal(σ, -1.0, 1.0)
                Distribution.LogNormal(start, logTen, 1.0)
                Distribution.LogNormal(data["y_init"], start.log (), σ)
                Distribution.LogNormal(observed, path, σ.unsqueeze 1L)
            ])
    |> entry
