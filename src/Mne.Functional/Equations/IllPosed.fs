namespace Mne.Functional

/// Equations of which short waves grow the faster the shorter they are, such as the heat equation run backwards, as far as constant
/// coefficients show it. A network that cannot follow them yet ends such a run with an answer that is none.
[<RequireQualifiedAccess>]
module internal IllPosed =

    let private order (derivative: Derivative) =
        match derivative with
        | Derivative.Value -> 0
        | Derivative.Partial(_, n) -> n
        | Derivative.Mixed _
        | Derivative.Laplacian -> 2

    /// A number times one derivative of one component.
    let rec private linear (index: int) (term: Term) : (float * int * Derivative) option =
        let scaled factor part =
            linear index part |> Option.map (fun (c, i, d) -> factor * c, i, d)

        match term with
        | Term.Of derivative -> Some(1.0, index, derivative)
        | Term.Times(Term.Number a, b)
        | Term.Times(b, Term.Number a) -> scaled a b
        | Term.Over(b, Term.Number a) -> scaled (1.0 / a) b
        | Term.OfComponent(i, a) -> linear i a
        | _ -> None

    /// The coefficients of all derivatives of order 2 and higher, unless they are not constant, mixed, or of other components.
    let private coefficients (d: int) (index: int) (term: Term) : (float * Derivative) list option =
        let parts =
            [
                for part in Term.summands term ->
                    if Term.needs d part |> Set.forall (fun derivative -> order derivative < 2) then
                        Some None
                    else
                        match linear 0 part with
                        | Some(_, _, Derivative.Mixed _)
                        | None -> None
                        | Some(c, i, derivative) -> if i = index then Some(Some(c, derivative)) else None
            ]

        if List.contains None parts then
            None
        else
            Some(List.choose id (List.choose id parts))

    /// Raises `ArgumentException` where waves along an axis grow without bound in the direction of time from t0 to t1.
    let check (d: int) (term: Term) (t0: float, t1: float) : unit =
        let terms =
            match term with
            | Term.System terms -> terms
            | _ -> [ term ]

        for index, term in List.indexed terms do
            for coefficients in coefficients d index term |> Option.toList do
                for k in 0 .. d - 1 do
                    let along n =
                        let found =
                            [
                                for c, derivative in coefficients do
                                    match derivative with
                                    | Derivative.Laplacian when n = 2 -> c
                                    | Derivative.Partial(axis, m) when axis = k && m = n -> c
                                    | _ -> ()
                            ]

                        // What is left of 0.3 − 0.2 − 0.1 is nothing.
                        if abs (List.sum found) > 1e-12 * List.sumBy abs found then
                            List.sum found
                        else
                            0.0

                    let refuse n advice =
                        let rate = $"{abs (along n):G4} k{if n = 2 then '²' else '⁴'}"
                        let derivative = Term.show (Term.Of(Derivative.Partial(k, n)))

                        Guard.fail
                            "term"
                            $"{Term.show term}: the coefficient of {derivative} is {along n:G4}, so that from t = {t0} to {t1} a wave of wave number k along coordinate {k} grows as fast as e^({rate} t) does, without bound for short waves: no solution depends on its start in a stable way (ill-posed). Take the other sign or the other direction of time{advice}"

                    let forwards = float (sign (t1 - t0))

                    if forwards * along 4 > 0.0 then
                        refuse 4 ""
                    elif along 4 = 0.0 && forwards * along 2 < 0.0 then
                        refuse 2 ", or damp short waves by a fourth derivative"
