namespace Mne.Functional.Reporting

open System
open System.Globalization
open Newtonsoft.Json
open Newtonsoft.Json.Linq

/// Writes numbers so that a browser reads them: nan and infinities, for which JSON has no word, become null (a gap in
/// the drawing), and nine digits are kept, more than any screen shows.
type internal DrawnNumber() =
    inherit JsonConverter<float>()

    override _.WriteJson(writer: JsonWriter, value: float, _: JsonSerializer) =
        if Double.IsFinite value then
            writer.WriteValue(
                Double.Parse(value.ToString("G9", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)
            )
        else
            writer.WriteNull()

    override _.ReadJson(_, _, _, _, _) = raise (NotSupportedException())

/// JSON of traces and layouts.
module internal Json =

    let private serializer =
        let settings = JsonSerializerSettings()
        settings.Converters.Add(DrawnNumber())
        JsonSerializer.Create settings

    /// Any value: number, text, array, XPlot object, other JSON.
    let value (content: obj) : JToken = JToken.FromObject(content, serializer)

    /// Any value where F# does not convert to obj by itself.
    let any (content: 'a) : obj = Unchecked.nonNull (box content)

    /// An object with the given properties.
    let object (properties: (string * obj) list) : JObject =
        let result = JObject()

        for name, content in properties do
            result[name] <- value content

        result

    /// Adds properties to an object, deep ones merged.
    let add (properties: (string * obj) list) (target: JObject) : JObject =
        let result = target.DeepClone() :?> JObject
        result.Merge(object properties)
        result

    /// Text as it stands: plotly.js takes a few HTML tags and entities in labels for markup.
    let literal (text: string) : string =
        text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;")

    /// The text of the JSON, fit to stand inside an HTML script element: &lt;, &gt;, &amp; and quotes are escaped.
    let text (token: JToken) : string =
        JsonConvert.SerializeObject(
            token,
            Formatting.None,
            JsonSerializerSettings(StringEscapeHandling = StringEscapeHandling.EscapeHtml)
        )
