/// Reads the JSON that plotly.js is given.
module internal Mne.Functional.Tests.Reporting.Drawn

open System.Globalization
open Expecto
open Newtonsoft.Json.Linq

/// What stands at a path, such as "marker.color" or "data[0].y".
let at (path: string) (json: JToken) : JToken =
    match json.SelectToken path with
    | null -> failtest $"no {path} in {json}"
    | token -> token

let text path json = string (at path json)

let number path json =
    System.Double.Parse((at path json).ToString Newtonsoft.Json.Formatting.None, CultureInfo.InvariantCulture)

let numbers path json =
    [| for i in 0 .. Seq.length (at path json) - 1 -> number $"{path}[{i}]" json |]
