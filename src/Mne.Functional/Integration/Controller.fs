namespace Mne.Functional

/// Chooses step sizes from error estimates: a proportional–integral controller (Gustafsson 1991; Hairer and Wanner,
/// Solving Ordinary Differential Equations II, IV.2).
type Controller =
    {
        /// Aim at this fraction of the step that the error would just allow.
        Safety: float
        /// β: weight of the previous error. 0 is the elementary controller.
        Integral: float
        /// A step is never shrunk below this factor at once.
        Shrink: float
        /// A step never grows by more than this factor at once.
        Growth: float
    }

/// Step-size control.
[<RequireQualifiedAccess>]
module Controller =

    /// Safety 0.9, β 0.04, factors between 0.2 and 5.
    let proportionalIntegral =
        {
            Safety = 0.9
            Integral = 0.04
            Shrink = 0.2
            Growth = 5.0
        }

    /// The factor for the next step after an accepted one. Errors are relative to the tolerance (1 is just accepted);
    /// `order` is that of the error estimate plus one.
    let afterAccepted controller (order: int) (error: float) (previous: float) =
        let α = 1.0 / float order - 0.75 * controller.Integral

        let factor =
            controller.Safety
            * (max error 1e-10) ** -α
            * (max previous 1e-4) ** controller.Integral

        factor |> max controller.Shrink |> min controller.Growth

    /// The factor for another try after a rejected step; the smallest one when the error is not a number.
    let afterRejected controller (order: int) (error: float) =
        let factor = controller.Safety * error ** (-1.0 / float order)

        if System.Double.IsFinite factor then
            factor |> max controller.Shrink |> min 0.9
        else
            controller.Shrink
