namespace Mne.Functional.References

open System

/// Reference solutions of further problems with known answers: exact formulas by quadrature or along characteristics, and finite
/// differences.
[<RequireQualifiedAccess>]
module Anchors =

    /// u_t = (0.01/π) u_xx − u u_x on [−1, 1], u0 = −sin πx, u(±1) = 0, at one point and time t > 0: by Cole and Hopf (C. Basdevant
    /// et al., Computers and Fluids 14 (1986)) u = −∫ sin π(x − η) w dη / ∫ w dη, w = e^{−cos(π(x−η))/(2πν) − η²/(4νt)}; the
    /// trapezoidal rule with 2,000 intervals over twelve deviations.
    let burgersCanonical (t: float) (x: float) : float =
        let ν = 0.01 / Math.PI
        let reach, n = 12.0 * sqrt (2.0 * ν * t) + 2.0 * t, 4000
        let η = Array.init (n + 1) (fun i -> -reach + 2.0 * reach * float i / float n)

        let logs =
            η
            |> Array.map (fun η -> -cos(Math.PI * (x - η)) / (2.0 * Math.PI * ν) - η * η / (4.0 * ν * t))

        let top = Array.max logs
        let weights = logs |> Array.map (fun l -> exp (l - top))

        -(Array.sum (Array.map2 (fun w η -> w * sin (Math.PI * (x - η))) weights η))
        / Array.sum weights

    /// u_tt = u_xx on [0, 1] with u = 0 at the ends and no velocity at t = 0, by d'Alembert: half the pulse to each side, continued
    /// as an odd function of period 2.
    let wave (pulse: float -> float) (t: float) (x: float) : float =
        let continued x =
            let x = x - 2.0 * floor (0.5 * x)
            if x <= 1.0 then pulse x else -(pulse (2.0 - x))

        0.5 * (continued (x - t) + continued (x + t))

    /// Gray and Scott's reaction u_t = D_u u_xx − u v² + F (1 − u), v_t = D_v v_xx + u v² − (F + k) v on a circle, at the given times
    /// and n points: differences of sixth order in space, the classical Runge–Kutta method in time.
    let grayScott
        (du: float, dv: float)
        (feed: float)
        (removal: float)
        (length: float)
        (n: int)
        (step: float)
        start
        times
        =
        let h = length / float n

        let laplacian (a: float[]) i =
            let at j = a[(i + j + n) % n]

            ((at 3 + at -3) / 90.0 - 3.0 / 20.0 * (at 2 + at -2) + 1.5 * (at 1 + at -1)
             - 49.0 / 18.0 * a[i])
            / (h * h)

        let slope (u: float[], v: float[]) =
            let reaction = Array.map2 (fun u v -> u * v * v) u v

            Array.init n (fun i -> du * laplacian u i - reaction[i] + feed * (1.0 - u[i])),
            Array.init n (fun i -> dv * laplacian v i + reaction[i] - (feed + removal) * v[i])

        let add c (u: float[], v: float[]) (u': float[], v': float[]) =
            Array.map2 (fun a b -> a + c * b) u u', Array.map2 (fun a b -> a + c * b) v v'

        let advance h y =
            let k1 = slope y
            let k2 = slope (add (0.5 * h) y k1)
            let k3 = slope (add (0.5 * h) y k2)
            let k4 = slope (add h y k3)

            y |> add (h / 6.0) <| k1 |> add (h / 3.0) <| k2 |> add (h / 3.0) <| k3
            |> add (h / 6.0)
            <| k4

        let x = Array.init n (fun i -> length * float i / float n)

        ((0.0, (Array.map (start >> fst) x, Array.map (start >> snd) x)), times)
        ||> Array.scan (fun (t, y) t' ->
            let steps = max 1 (int (ceil ((t' - t) / step - 1e-9)))
            t', Seq.fold (fun y _ -> advance ((t' - t) / float steps) y) y (seq { 1..steps }))
        |> Array.tail
        |> Array.map snd

    /// Where the characteristics of f_t = −v f_x − sin x f_v through the points (x, v) were at t = 0, for each of the increasing
    /// times: ẋ = v, v̇ = sin x, by the classical Runge–Kutta method with steps of 0.005 or less.
    let vlasovOrigins (points: (float * float)[]) (times: float[]) : (float * float)[][] =
        let step h (x, v) =
            let slope (x: float, v: float) = v, sin x
            let add c (x, v) (a, b) = x + c * a, v + c * b
            let k1 = slope (x, v)
            let k2 = slope (add (0.5 * h) (x, v) k1)
            let k3 = slope (add (0.5 * h) (x, v) k2)
            let k4 = slope (add h (x, v) k3)

            (x, v)
            |> fun y -> add (h / 6.0) y k1
            |> fun y -> add (h / 3.0) y k2
            |> fun y -> add (h / 3.0) y k3
            |> fun y -> add (h / 6.0) y k4

        ((0.0, points), times)
        ||> Array.scan (fun (t, points) t' ->
            let steps = int (ceil ((t' - t) / 0.005))
            let h = -(t' - t) / float steps

            t',
            points
            |> Array.map (fun p -> Seq.fold (fun p _ -> step h p) p (seq { 1..steps })))
        |> Array.tail
        |> Array.map snd

    /// The committor q of dX = −∇V dt + √2 dW on [−1, 1] × a circle of length 2π, q = 0 at x = −1 and q = 1 at x = 1:
    /// ∇·(e^{−V}∇q) = 0 by differences of second order at (n + 1) × n points, solved by conjugate gradients. Entry [i, j] is q at
    /// (−1 + 2i/n, 2πj/n).
    let committor (potential: float -> float -> float) (n: int) : float[,] =
        let hx, hy = 2.0 / float n, 2.0 * Math.PI / float n
        let x i = -1.0 + hx * i
        let y j = hy * j

        // Conductivities between neighbours: right of (i, j), and above it.
        let right =
            Array2D.init n n (fun i j -> exp -(potential (x (float i + 0.5)) (y (float j))) / (hx * hx))

        let above =
            Array2D.init (n + 1) n (fun i j -> exp -(potential (x (float i)) (y (float j + 0.5))) / (hy * hy))

        /// Σ over neighbours of conductivity × difference, at the inner points.
        let apply (q: float[,]) =
            Array2D.init (n + 1) n (fun i j ->
                if i = 0 || i = n then
                    0.0
                else
                    let below = (j + n - 1) % n

                    right[i, j] * (q[i, j] - q[i + 1, j])
                    + right[i - 1, j] * (q[i, j] - q[i - 1, j])
                    + above[i, j] * (q[i, j] - q[i, (j + 1) % n])
                    + above[i, below] * (q[i, j] - q[i, below]))

        let diagonal =
            Array2D.init (n + 1) n (fun i j ->
                if i = 0 || i = n then
                    1.0
                else
                    right[i, j] + right[i - 1, j] + above[i, j] + above[i, (j + n - 1) % n])

        let dot (a: float[,]) (b: float[,]) =
            let mutable sum = 0.0

            for i in 1 .. n - 1 do
                for j in 0 .. n - 1 do
                    sum <- sum + a[i, j] * b[i, j]

            sum

        let combine c (a: float[,]) (b: float[,]) =
            Array2D.init (n + 1) n (fun i j -> a[i, j] + c * b[i, j])

        let precondition (r: float[,]) =
            Array2D.init (n + 1) n (fun i j -> r[i, j] / diagonal[i, j])

        let start = Array2D.init (n + 1) n (fun i _ -> 0.5 * (1.0 + x (float i)))
        let residual = apply start |> Array2D.map (fun a -> -a)
        let z = precondition residual

        let rec go q r (p: float[,]) (ρ: float) first =
            let ap = apply p
            let α = ρ / dot p ap
            let q, r = combine α q p, combine -α r ap
            let z = precondition r
            let ρ' = dot r z

            if ρ' < 1e-24 * first then
                q
            else
                go q r (combine (ρ' / ρ) z p) ρ' first

        let ρ = dot residual z
        go start residual z ρ ρ
