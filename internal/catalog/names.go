package catalog

// demoNames is the invented catalogue, a line a title: name, kind (m movie,
// s series, p special, l live channel), genres. Every name is made up.
const demoNames = `
Glass Harbour|s|drama,mystery
The Salt Ledger|s|crime,drama
Northern Silence|s|crime,thriller
A Quiet Inheritance|m|drama
The Cartographer's Wife|m|history,romance
Ember Season|s|drama,romance
Low Tide|m|thriller,mystery
Half the Sky Is Ours|m|drama,history
Paper Lanterns|m|romance,drama
The Ninth Tenant|m|horror,mystery
Copper Creek|s|western,drama
Signal Lost|s|science fiction,thriller
The Long Orbit|m|science fiction,drama
Winterkeep|s|fantasy,adventure
Daughters of the Reef|m|adventure,family
Second Shift|s|comedy,drama
The Understudy|m|drama,comedy
Night Market|s|crime,drama
Meridian|s|science fiction,mystery
What the River Kept|m|mystery,drama
Blackbird Lane|s|thriller,drama
The Clockmaker of Varna|m|history,fantasy
Saltwater Saints|s|crime,drama
Fieldnotes|s|documentary,nature
The Last Ferry|m|thriller,drama
Marrow|m|horror
Sunday Kitchen|s|documentary,family
Anchor & Vine|m|romance,comedy
Iron Parish|s|history,drama
The Weight of Snow|m|drama
Velvet District|s|crime,thriller
Cold Harvest|m|thriller,crime
Beyond the Terraces|m|sport,drama
Extra Time|s|documentary,sport
Kestrel|m|thriller,adventure
The Archivist|s|mystery,science fiction
Moth & Rust|m|drama
Little Comet|m|animation,family
Pepper and the Moon Dog|s|animation,family
The Tin Orchard|m|animation,adventure
Lantern Fish|m|animation,fantasy
Otter Street|s|animation,comedy
Paperboat Kingdom|s|animation,family
Hollow Crown Hill|m|horror,drama
The Drowned Parish|s|horror,mystery
Nine Doors Down|m|horror,thriller
Whisper Count|m|horror
Underpass|m|thriller
A Map of Small Fires|s|drama,romance
The Glass Mile|m|sport,drama
Breakaway|s|sport,drama
Corner Man|m|sport,drama
Tidewrack|s|fantasy,drama
The Ash Courts|s|fantasy,adventure
Song of the Marchlands|m|fantasy,adventure
Thornwick|s|fantasy,family
The Wandering Gate|m|fantasy,family
Red Causeway|m|war,history
The Bridge at Selmo|m|war,drama
Letters from Camp Eleven|m|war,drama
Five Winters|s|war,history
Dust Gospel|m|western
Three Graves West|m|western,thriller
The Mercy Line|s|western,drama
Hummingbird Hotel|s|comedy,drama
Plan C|m|comedy
The Neighbours Upstairs|s|comedy,family
Wedding in Lisbon|m|comedy,romance
Out of Office|s|comedy
The Understaffed|s|comedy
My Brother's Spare Keys|m|comedy,family
Overbooked|m|comedy,romance
Best in Village|s|comedy
Carry-On|m|comedy,adventure
Two Left Feet|m|comedy,music
The Good Landlord|s|comedy,crime
Ocean Floor|s|documentary,nature
Kingdom of Moss|s|documentary,nature
The Elephant Road|m|documentary,nature
Above the Tree Line|s|documentary,adventure
The Price of Gold Dust|m|documentary,crime
Chain of Custody|s|documentary,crime
Inside the Vault|s|documentary,crime
The Vinyl Years|s|documentary,music
Stage Left|m|documentary,music
Rewired|s|documentary,science
Deep Field|m|documentary,science
The Bread Makers|s|documentary,family
City of Bicycles|m|documentary,history
Stone by Stone|s|documentary,history
The Fourth Patient|s|thriller,drama
The Dividing Line|s|thriller,drama
Ghost Ledger|m|crime,thriller
A Room in Trieste|m|mystery,romance
Safe Conduct|s|thriller,history
The Interpreter's Son|m|thriller,drama
Blind Corner|m|thriller
Zero Visibility|m|thriller,adventure
Undertow Bay|s|mystery,thriller
The Second Witness|s|crime,mystery
Harbour Patrol|s|crime,drama
The Quiet Detective|s|crime,mystery
Murder at Fallow Hall|m|mystery,crime
Thirteen Steps Below|m|mystery,horror
Missing in Marseille|s|crime,thriller
Case Notes|s|crime,documentary
Honour Among|m|crime,comedy
The Forger's Apprentice|m|crime,history
Counterweight|m|crime,thriller
First Light on Europa|m|science fiction,adventure
The Memory Tax|s|science fiction,drama
Parallel Lines|s|science fiction,romance
Colony Nine|s|science fiction,adventure
Static|m|science fiction,horror
Fathom Station|m|science fiction,thriller
The Borrowed Century|s|science fiction,history
Halcyon Drift|s|science fiction,drama
Machine Year|m|science fiction,thriller
Seed Vault|m|science fiction,drama
Small Spirits of Osaka|s|fantasy,comedy
The Lighthouse Twins|m|family,adventure
Camp Juniper|s|family,comedy
The Great Marble Race|m|family,sport
Grandpa's Rocket|m|family,comedy
Rosie Underground|s|family,adventure
Snowglobe|m|family,fantasy
The Secret Aquarium|m|family,animation
Treehouse Radio|s|family,animation
The Last Caravan|m|adventure,history
Beneath the Monsoon|m|adventure,romance
Summit Fever|m|adventure,drama
The Amber Route|s|adventure,history
Kitewind Bay|m|adventure,family
Savannah Express|m|adventure,comedy
Lost Latitude|s|adventure,mystery
River of Glass|m|adventure,fantasy
The Pepper Coast|s|history,adventure
House of Orsini Lane|s|history,drama
The Silk Regent|s|history,romance
Court of Winter Roses|s|history,romance
Queen of the Delta|m|history,drama
The Printer's Revolt|m|history,drama
When the Mills Closed|m|history,drama
A Season in Kyoto|m|romance,drama
The Apartment Across|s|romance,comedy
Late Bloomers|s|romance,comedy
Before the Rain Stops|m|romance,drama
Postcards to Nobody|m|romance,drama
The Winter Guest List|m|romance,comedy
Someone Else's Summer|m|romance,drama
Between Two Trains|m|romance,drama
Heartland Avenue|s|romance,drama
Tangerine Nights|s|romance,music
Loud Quiet Loud|m|music,drama
The Band Before Us|m|music,comedy
Twelve Bar|s|music,drama
Encore|s|music,drama
A Voice for Maren|m|music,family
Opera House Blues|m|music,romance
The Rehearsal Room|s|music,drama
The Wedding Band of Pune|m|music,comedy
Every Third Thursday|s|drama,comedy
The Substitute Year|s|drama,family
House on Fennel Street|s|drama,mystery
Ten Minutes to Vespers|m|drama
The Gardener's Testimony|m|drama,crime
Small Hours|s|drama
Open Wounds|s|drama,medical
Ward Seven|s|medical,drama
Night Nurses|s|medical,drama
The Honest Surgeon|m|medical,drama
Count the Stars Twice|m|drama,family
Fault Line|s|drama,thriller
The Unmarked Door|m|drama,mystery
Sons of the Orchard|s|drama,history
All the Lost Umbrellas|m|drama,comedy
Mother Tongue|m|drama
A Field Guide to Leaving|m|drama,romance
The Rooftop Season|s|drama,romance
Cinder and Smoke|s|drama,crime
Standing Water|m|drama,thriller
The Other Shore|m|drama,adventure
Twelve Acres|s|drama,western
Ivory Static|m|thriller,music
Sleeper Coach|m|thriller,mystery
The Vanishing Hour|s|mystery,fantasy
Pale Horse Diner|m|horror,comedy
The Lantern Keeper|s|horror,fantasy
Crooked Mile|m|crime,drama
Quartz|m|science fiction,mystery
New Year in Valparaiso|p|comedy,romance
An Evening with the Marlowe Trio|p|music
Standing Ovation Live|p|music,comedy
Ida Brandt: Unfiltered|p|comedy
Mateo Reyes: Plain Spoken|p|comedy
The Aurora Concert|p|music,documentary
Playhead News|l|news
Arena One|l|sport
Slow Rivers|l|nature
Night Jazz|l|music
`
