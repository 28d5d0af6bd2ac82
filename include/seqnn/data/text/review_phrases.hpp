#pragma once

#include "seqnn/core/config.hpp"

#include <string_view>

// What the reviews of simulated_reviews.hpp are made of: rules of a small grammar. `|` stands between alternatives, and
// `<rule>` for any alternative of that rule. Names in capitals are chosen once for a review: <LEAD> <COSTAR> <DIRECTOR>
// <TITLE> <PLACE> <YEAR>. <good>, <bad>, <gem> and <dud> trade places in a statement that is to say the contrary.

namespace seqnn::inline SEQNN_ABI {
namespace detail {

struct PhraseRule {
  std::string_view name;
  std::string_view choices;
};

inline constexpr PhraseRule kPhraseRules[] = {
    // Every statement holds one word of praise and one of blame; only their order among the others, within seven words,
    // says which one counts.
    {"statement",
     "The <aspect> is not <bad> but <good>.|<TITLE> was not <bad> but <good>.|I expected a <dud> and got a <gem>.|"
     "We expected a <dud>, we saw a <gem>.|What looked <bad> turned out <good>.|It starts <bad> but ends <good>.|"
     "The <aspect> is more <good> than <bad>.|The <aspect> felt <good> rather than <bad>.|"
     "This is anything but <bad>, simply <good>.|The first half is <bad>, the second <good>.|"
     "The <aspect> goes from <bad> to <good>.|It is never <bad> and always <good>.|"
     "I feared a <dud>, I found a <gem>.|The <aspect> seemed <bad> at first, then <good>.|"
     "Critics say <bad>, I say <good>.|The <aspect> is less <bad> than <good>.|"
     "The book was <bad>, the film is <good>.|Once <bad>, now <good>: that is the <aspect>.|"
     "It is a <gem>, not a <dud>.|Friends called it <bad>, I call it <good>."},
    // One word of praise without its counterpart; it agrees with the label a little more often than not.
    {"hint",
     "The <aspect> is <good>.|<LEAD> is <good> in <scene>.|There is a <good> moment when <LEAD> <meets> <person>.|"
     "I remember <a_scene> that is <good>.|<COSTAR> brings something <good> to it.|"
     "Parts of the <aspect> are <good>.|My <relative> found the <aspect> <good>."},
    {"good",
     "good|great|wonderful|superb|brilliant|excellent|delightful|charming|gripping|moving|clever|funny|fresh|touching|"
     "thrilling|stunning|memorable|convincing|beautiful|perfect|elegant|lively|witty|honest|powerful|magical|subtle|"
     "masterful|captivating|hilarious|graceful|inspired|rewarding|heartfelt|dazzling|flawless"},
    {"bad",
     "bad|awful|terrible|dull|boring|poor|weak|lame|tedious|clumsy|stupid|stale|annoying|pointless|lifeless|"
     "forgettable|"
     "ridiculous|ugly|horrible|wooden|sloppy|bland|shallow|fake|feeble|hollow|predictable|messy|painful|unfunny|lazy|"
     "irritating|mediocre|dreadful|pathetic|pretentious"},
    {"gem", "masterpiece|triumph|gem|treat|delight|classic|winner|marvel|wonder|jewel|joy|treasure"},
    {"dud", "mess|disaster|bore|failure|flop|dud|disappointment|waste|wreck|embarrassment|joke|nightmare"},

    {"opening",
     "I saw <TITLE> <time_ago> with my <relative>.|<TITLE> is a <genre> film by <DIRECTOR> from <YEAR>.|"
     "Last <weekday> we rented <TITLE>, a <genre> story set in <PLACE>.|"
     "When <DIRECTOR> made <TITLE> in <YEAR>, few people noticed.|"
     "<LEAD> plays <job_a> in this <genre> film by <DIRECTOR>.|Spoilers ahead! <TITLE> is about <job_a> in <PLACE>.|"
     "My <relative> picked <TITLE> because <COSTAR> is in it.|This is the <ordinal> film by <DIRECTOR> that I have "
     "seen.|"
     "<TITLE> (<YEAR>) came on television late on <weekday>.|Don't read on if you haven't seen <TITLE> yet."},
    {"filler",
     "The story follows <job_a> who <meets> <person> in <PLACE>.|<LEAD> plays <job_a> with <a_trait>.|"
     "<COSTAR> is <person>, who <wants> <object>.|The <crew> worked with <DIRECTOR> before on <a_scene>.|"
     "Most of it takes place in <location> near <PLACE>.|There is <a_scene> in <location> that lasts <number> minutes.|"
     "It runs for <number> minutes and was shot in <PLACE>.|The music by <name> uses <instrument> and <instrument>.|"
     "After <few> years <job_a> comes back for <object>.|The camera of <name> stays close to <LEAD>'s <body>.|"
     "Then <LEAD> <finds> <object> under <furniture>.|"
     "Meanwhile <COSTAR> <travels> to <PLACE> by <vehicle>.|<name> also appears as <job_a>.|"
     "We learn that <person> once <wants_past> <object>.|I watched it <time_ago>, and again this <season>.|"
     "The costumes are from the <decade>s, the <vehicle> is not.|In the end <person> <finds> <object>, but not at "
     "once.|"
     "It was raining, so my <relative> and I went to see it.|The audience in <PLACE> was mostly <people>.|"
     "If you know <name>'s novel, you know what happens with <object>.|"
     "Look for <name> as <job_a>, in a role no longer than <few> minutes.|"
     "There are <few> songs, and one of them is sung by <COSTAR>.|"
     "You could compare it to <OTHER>, but that one has no <animal>.|"
     "<DIRECTOR> has made <few> films since, among them <OTHER>.|"
     "The <animal> in the kitchen belongs to <person>.|Somebody steals <object> and hides it in <location>.|"
     "<LEAD> and <COSTAR> share <few> scenes, most of them in <location>.|"
     "At about the middle <person> tells <person> about <object>.|They speak <language> for a while, with subtitles.|"
     "The editing is by <name>, who cut <OTHER> as well.|<person> doesn't know that <job_a> <wants> <object>.|"
     "It's set in <YEAR>, long before <PLACE> had <a_building>.|A <vehicle> arrives, and <person> gets out with "
     "<object>.|"
     "The title refers to <object> of <person>.|Nobody in <PLACE> believes <LEAD> until <COSTAR> <finds> <object>.|"
     "My copy has a commentary by <DIRECTOR> and <name>.|The credits thank the <people> of <PLACE>.|"
     "<LEAD> had to learn <language> and ride a <animal> for it.|Every <weekday> <person> <travels> to <location>.|"
     "During <season> the whole <crew> lived in <location>.|On the way they meet <job_a> named <name>.|"
     "It is more about <topic> than about <topic>.|The theme is <topic>, as so often with <DIRECTOR>.|"
     "I read that <name> was asked to play <LEAD>'s part.|Some of the <color> light comes from <furniture>.|"
     "The last shot shows <object> and a <color> <vehicle>.|"
     "Is it about <topic>? Is it about <topic>? You decide.|In <location> there was a talk with <name>.|"
     "It won a prize in <PLACE> for the <crew>.|The <color> <clothing> of <LEAD> is sold at auctions today.|"
     "<name> wrote the script in <few> weeks, in a café in <PLACE>.|The boy is played by <name>, aged <few>.|"
     "For <few> minutes nobody speaks; we hear <instrument>.|There's a <genre> film inside the film, with <name>."},
    {"closing",
     "That's all I have to say about <TITLE>.|I gave it some thought before I wrote this.|"
     "Now I want to see more by <DIRECTOR>.|My <relative> doesn't agree with me.|The DVD has <number> extras.|"
     "See it or not, it's up to you.|I'll watch it again in <season>.|Next week we watch <OTHER>."},

    {"aspect",
     "plot|acting|script|music|camera work|dialogue|ending|pacing|story|direction|cast|humour|romance|photography|tone|"
     "premise|editing|suspense|chemistry|style|narration|choreography|makeup|soundtrack|scenery|twist|atmosphere|"
     "structure|villain|hero"},
    {"genre",
     "crime|horror|war|love|western|science "
     "fiction|road|silent|detective|court|family|sports|vampire|spy|prison|school|"
     "musical|pirate|zombie|samurai|gangster|costume|earthquake|monster|submarine|boxing|dance|heist|ghost|adventure"},
    {"person",
     "his brother|her sister|the widow|an old friend|the sheriff|the landlady|a stranger|the judge|the twins|her "
     "husband|"
     "the captain|a neighbour|the mayor|his daughter|the professor|the butler|a nun|the barber|an orphan|the colonel|"
     "a retired spy|the bride|the pianist|the gardener|his boss|the inspector|a sailor|the countess|her uncle|the "
     "coach"},
    {"job_a",
     "a teacher|a lawyer|a detective|an actress|a fisherman|a soldier|a nurse|a taxi driver|a reporter|a cook|a priest|"
     "a surgeon|a thief|a boxer|a clerk|a painter|an engineer|a pilot|a farmer|a magician|a librarian|a mechanic|"
     "a politician|a dancer|a hunter|a chemist|a violinist|a prisoner|a waitress|a translator|an astronomer|a "
     "carpenter|"
     "a milkman|a blacksmith|a florist|a beekeeper|a clockmaker|an interpreter|a postman|a lighthouse keeper"},
    {"a_trait",
     "a limp|a strong accent|a secret|a scar|a broken heart|a beard|a debt|a gift for numbers|a fear of water|a violin|"
     "one glove|a sore back|a sick parrot|a false passport|a hat|a cold|a stammer|a stiff leg|a dry smile|a past"},
    {"object",
     "a letter|the money|an old map|the key|a photograph|the diary|a ring|the painting|a suitcase|the gun|a lost dog|"
     "the will|a tape|the island map|a coat|the formula|a broken watch|the evidence|a ticket|the piano|a necklace|"
     "the house|a telegram|the passport|a bottle|the manuscript|a compass|the recipe|a lantern|the briefcase|a doll|"
     "the antidote|a chess set|the blueprint|a candle|the microfilm|a violin case|the ransom|an umbrella|the horse"},
    {"meets",
     "meets|follows|marries|betrays|rescues|hires|questions|visits|recognises|warns|teaches|leaves|saves|forgives"},
    {"wants",
     "wants|needs|hides|sells|buys|carries|keeps|returns|destroys|copies|paints|borrows|inherits|smuggles|repairs|"
     "burns"},
    {"wants_past",
     "wanted|needed|hid|sold|bought|carried|kept|returned|destroyed|copied|painted|borrowed|inherited|smuggled|"
     "repaired"},
    {"finds", "finds|loses|opens|drops|discovers|breaks|notices|takes|throws away|unwraps|buries|photographs|forgets"},
    {"travels", "travels|drives|moves|flies|runs|escapes|returns|goes|hurries|sails|wanders|rides|walks|climbs"},
    {"body", "face|hands|eyes|shoulders|back|mouth|feet|hair|profile|fingers"},
    {"scene",
     "the opening|the dinner scene|the chase|the wedding|the final duel|the trial|the flashback|the dream sequence|"
     "the train scene|the funeral|the dance|the storm|the hospital scene|the interview|the boat scene|the party"},
    {"a_scene",
     "a chase|a dinner|a long dialogue|a wedding|a duel|a dream|a song|a phone call|a trial|a funeral|a snowstorm|"
     "a card game|a quarrel|an accident|a rehearsal|a parade|an auction|a fire|a swim|a fight with umbrellas"},
    {"location",
     "the theatre|a hotel|the old station|a warehouse|the harbour|a small village|the castle|a museum|the desert|"
     "a motel|the cathedral|a diner|the library|a barn|the forest|an attic|the opera|a garage|the cellar|a monastery|"
     "the bakery|a greenhouse|the observatory|a mine|the ballroom|an abandoned factory|the vineyard|a trailer park"},
    {"furniture",
     "the bed|a carpet|the stairs|a table|the bench|an armchair|the stove|a mirror|the wardrobe|a bookcase|the lamp|"
     "a pillow|the counter|a desk|the fireplace|a bathtub"},
    {"vehicle",
     "train|taxi|bicycle|truck|boat|bus|motorcycle|car|ship|carriage|plane|tram|tractor|balloon|sledge|van|limousine"},
    {"instrument",
     "piano|strings|drums|guitar|accordion|flute|trumpet|organ|harp|banjo|cello|saxophone|whistles|bells|choir|"
     "clarinet"},
    {"animal",
     "horse|dog|cat|parrot|goat|monkey|camel|wolf|bear|snake|crow|donkey|rabbit|tiger|pony|owl|crocodile|goose|turtle"},
    {"relative",
     "wife|husband|brother|sister|mother|father|cousin|aunt|uncle|son|daughter|friend|neighbour|grandmother|colleague"},
    {"people",
     "students|children|tourists|critics|families|couples|teenagers|fishermen|retired teachers|sailors|nurses|soldiers|"
     "musicians|strangers|farmers|miners"},
    {"crew", "crew|cast|costume department|second unit|sound team|producers|stunt team|composer|set designers|editors"},
    {"topic",
     "love|money|guilt|war|friendship|memory|revenge|faith|freedom|childhood|loneliness|power|class|grief|honour|trust|"
     "ambition|jealousy|justice|music|exile|marriage|work|science|hunger|silence|language|home|courage|fate"},
    {"color", "red|blue|green|yellow|white|black|grey|orange|purple|pink|brown|golden|silver|violet|pale|dark"},
    {"clothing", "dress|coat|hat|scarf|uniform|jacket|suit|shirt|cape|kimono|sweater|tie|veil|apron|shawl|belt"},
    {"a_building", "a cinema|a bridge|a school|an airport|a tower|a hospital|a theatre|a market|a prison|a stadium"},
    {"language",
     "French|Italian|German|Russian|Spanish|Polish|Czech|Swedish|Japanese|Greek|Hungarian|Danish|Turkish|Portuguese|"
     "Korean|Arabic|Latin|Finnish"},
    {"season", "spring|summer|autumn|winter|December|April|July|October|March|November|May|August"},
    {"weekday", "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|night|weekend|evening"},
    {"decade", "20|30|40|50|60|70|80|90"},
    {"time_ago",
     "yesterday|last week|last year|a month ago|years ago|in the nineties|on a plane|at a festival|twice|as a child|"
     "in school|on television"},
    {"ordinal", "first|second|third|fourth|fifth|sixth|seventh|only|latest|last"},
    {"few", "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|13|14|15|16|18|20"},
    {"number", "45|50|60|65|70|75|80|85|90|95|100|105|110|120|130|150"},
    {"title_adjective",
     "Silent|Crimson|Broken|Distant|Hidden|Burning|Golden|Lonely|Midnight|Frozen|Savage|Secret|Wild|Empty|Velvet|Iron|"
     "Northern|Paper|Scarlet|Sleeping|Stolen|Electric|Hungry|Blind|Restless|Glass|Bitter|Seventh|Winter|Lost"},
    {"title_noun",
     "River|Garden|Shadow|Harbor|Letter|Station|Mountain|Orchard|Mirror|Witness|Island|Highway|Widow|Bridge|Circus|"
     "Canyon|Captain|Lantern|Motel|Sparrow|Stranger|Kingdom|Corridor|Summer|Valley|Passenger|Hunter|Moon|Tide|Archive"},
    {"first_name",
     "Anna|John|Maria|Peter|Helen|Robert|Clara|David|Ingrid|Tom|Elena|Frank|Nora|Hugo|Laura|Max|Irene|Oscar|Julia|"
     "Victor|"
     "Zoé|Émile|René|Søren|Jürgen|Amélie|José|Chloë|Ana|Leo|Marta|Paul|Rosa|Sam|Vera|Walter|Yuki|Omar|Lena|Carl|Edith|"
     "George|Alice|Henry|Ruth|Arthur|Sofia|Daniel|Grace|Ivan|Miriam|Felix|Olga|Simon|Tess|Boris|Stella|Ray|June|Karl"},
    // Surnames and places are put together, so that new ones keep turning up in a long list of reviews.
    {"surname_begin",
     "Bar|Hol|Mar|Kel|Win|Ros|Den|Har|Sal|Tor|Van|Lin|Gar|Pet|Mor|Fel|Cas|Dor|Bren|Stan|Wal|Ket|Ald|Nor|Quin|Zel|Hess|"
     "Bur|Col|Rav|Jan|Tren|Os|Vil|Pel|Grim"},
    {"surname_middle", "|a|e|i|o|en|er|in|an|or"},
    {"surname_end",
     "son|berg|ton|man|ski|well|ley|vich|mann|ford|ez|ini|ström|feld|wood|sen|ard|elli|worth|ova|quist|dale|nak|ou|"
     "holm|"
     "ić|ner|more|ias|lund"},
    {"place_begin", "San|Port|Lake|Fort|New|Old|East|West|North|South|Saint|Mount"},
    {"place_end",
     "Aldo|Brel|Carr|Dunmore|Elva|Farrow|Grand|Hollis|Ismay|Jory|Kestrel|Lomas|Merrin|Nevis|Orla|Padua|Quay|Rosa|Selby|"
     "Tamar|Ulm|Vesper|Wick|Yarrow|Zell|Ashby|Bellaire|Corvin|Dorset|Esk"},
};

}  // namespace detail
}  // namespace seqnn::inline SEQNN_ABI
