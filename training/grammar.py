"""A sentence grammar for spoken air-travel questions, written for this project.

Every sentence is the expansion of a small context-free grammar. The grammar
uses public facts (names of cities, airports, airlines and aircraft) and our
own wording; nothing is copied from a speech corpus.

Style of the text: lower-case words, no punctuation, numbers in words,
letters said one by one stand alone ("d c", "p m", "u s").

Syntax of a rule: alternatives separated by "|", a leading "3:" is a weight,
"{name}" expands a rule, "{name?}" expands it half of the time.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable

HELD_OUT_MODULUS = 50

US_MAJOR = """boston|denver|atlanta|dallas|fort worth|philadelphia|pittsburgh|baltimore|washington|
washington d c|san francisco|oakland|los angeles|new york|newark|chicago|detroit|cleveland|milwaukee|
minneapolis|saint paul|saint louis|saint petersburg|tampa|orlando|miami|charlotte|nashville|memphis|
houston|phoenix|las vegas|salt lake city|seattle|tacoma|columbus|cincinnati|indianapolis|kansas city|
san diego|san jose|long beach|burbank|ontario|westchester county|toronto|montreal|new york city|
la guardia|kennedy"""

US_MORE = """austin|san antonio|el paso|albuquerque|tucson|oklahoma city|tulsa|omaha|wichita|little rock|
new orleans|baton rouge|birmingham|montgomery|mobile|jacksonville|tallahassee|fort lauderdale|west palm beach|
fort myers|sarasota|pensacola|savannah|augusta|columbia|charleston|greenville|raleigh|durham|greensboro|
winston salem|norfolk|richmond|virginia beach|newport news|roanoke|louisville|lexington|knoxville|chattanooga|
dayton|toledo|akron|fort wayne|south bend|grand rapids|lansing|flint|green bay|madison|des moines|cedar rapids|
sioux falls|fargo|bismarck|rapid city|lincoln|boise|spokane|portland|eugene|sacramento|fresno|bakersfield|reno|
santa barbara|palm springs|orange county|honolulu|anchorage|fairbanks|juneau|billings|helena|missoula|cheyenne|
casper|colorado springs|aspen|amarillo|lubbock|corpus christi|galveston|shreveport|jackson|biloxi|huntsville|
buffalo|rochester|syracuse|albany|ithaca|hartford|new haven|providence|manchester|burlington|bangor|worcester|
springfield|scranton|allentown|harrisburg|erie|trenton|atlantic city|wilmington|salem|peoria|rockford|evansville|
duluth|topeka|santa fe|monterey|stockton|yakima|key west|daytona beach|gainesville|macon|asheville|fayetteville"""

WORLD = """london|paris|madrid|barcelona|lisbon|rome|milan|venice|florence|naples|athens|berlin|munich|frankfurt|
hamburg|cologne|vienna|zurich|geneva|brussels|amsterdam|rotterdam|copenhagen|oslo|stockholm|helsinki|warsaw|
prague|budapest|bucharest|moscow|istanbul|cairo|casablanca|nairobi|lagos|johannesburg|cape town|dubai|tel aviv|
mumbai|delhi|bangkok|singapore|hong kong|shanghai|beijing|seoul|tokyo|osaka|manila|sydney|melbourne|brisbane|
auckland|mexico city|cancun|guadalajara|havana|kingston|san juan|nassau|panama city|bogota|caracas|lima|quito|
santiago|buenos aires|montevideo|rio de janeiro|vancouver|calgary|edmonton|winnipeg|ottawa|quebec city|halifax|
dublin|edinburgh|glasgow|liverpool|birmingham|nice|lyon|marseille|seville|porto|krakow|riga|tallinn|reykjavik"""

STATES = """california|texas|florida|georgia|ohio|michigan|minnesota|colorado|arizona|nevada|utah|washington|
oregon|new jersey|new york|massachusetts|pennsylvania|virginia|north carolina|south carolina|tennessee|missouri|
maryland|indiana|illinois|wisconsin|louisiana|kentucky|alabama|oklahoma|kansas|nebraska|d c|canada|hawaii|
connecticut|arkansas|iowa|maine|montana|idaho|new mexico|rhode island|vermont|delaware"""

AIRPORTS = """logan airport|stapleton|stapleton airport|dulles|dulles airport|kennedy airport|la guardia airport|
newark airport|o'hare|o'hare airport|midway airport|hartsfield|love field|love field airport|hobby airport|
mitchell field|general mitchell airport|lambert field|sky harbor|hopkins airport|mccarran airport|national airport|
lester pearson airport|mirabel airport|john wayne airport|lindbergh field|the l a x airport|j f k|l a x|b w i|
l g a|d f w|s f o|e w r|o r d|b o s|a t l|h o u|i a h|d c a|i a d|d t w|m k e|y y z|b n a|s l c|
the airport|downtown|the city|the airport in {city}|the {city} airport|3:{city} airport"""

AIRLINES = """3:american|2:american airlines|3:united|2:united airlines|3:delta|2:delta airlines|3:continental|
2:continental airlines|2:u s air|u s airways|2:t w a|3:northwest|northwest airlines|eastern|eastern airlines|
midwest express|america west|2:america west airlines|2:canadian airlines|air canada|canadian airlines international|
alaska airlines|southwest|southwest airlines|lufthansa|2:lufthansa airlines|british airways|air france|k l m|
japan airlines|trans world airlines|nationair|wings west|air wisconsin|pan am|swissair|alitalia|iberia|qantas|
jetblue|hawaiian airlines|spirit airlines|frontier|aer lingus|finnair|virgin atlantic|singapore airlines"""

AIRLINE_CODES = """a a|u a|d l|c o|u s|t w|n w|e a|h p|y x|l h|a c|c p|b a|a f|j l|w n|a s|n x|s x|h a|k w|f f|m g|
t z|r j|z w|o o"""

FARE_CODES = """q|y|f|h|b|k|m|v|l|j|c|q x|q w|q o|y n|f n|b h|k y|h l|s a|d h|m l|v w|b o|y m|e q|c n|b y|l x|
fare code {letter}|q slash {number_small}|f slash c n|{letter} {letter}|{letter} {letter} {letter}"""

AIRCRAFT = """2:boeing {seven_x}|2:seven {seven_x_tail}|d c {dc_number}|d c ten|d c nine|m d eighty|
m d eighty eight|m d eleven|airbus a three {airbus_tail}|airbus|l ten eleven|l one zero one one|fokker one hundred|
f twenty eight|b a e one forty six|a t r seventy two|d h eight|dash eight|saab three forty|j thirty one|
turboprop|propeller plane|jet|wide body|small aircraft|a three ten|a three twenty|embraer|cessna|m eighty|
seven thirty three|seven forty seven|seven fifty seven|seven sixty seven|seven twenty seven|seven thirty seven|
e m two|s f three forty|c l sixty five|d nine s|seven three s|seven four m|three twenty|one forty six"""

RULES_TEXT = {
    "seven_x": "seven {seven_x_tail}|seven {digit27} seven",
    "seven_x_tail": "two seven|three seven|four seven|five seven|six seven|seven seven|twenty seven|"
    "thirty seven|forty seven|fifty seven|sixty seven|seventy seven",
    "digit27": "two|three|four|five|six|seven|eight",
    "dc_number": "eight|nine|ten|three",
    "airbus_tail": "twenty|ten|nineteen|thirty|forty|fifty|eighty",
    "letter": "a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p|q|r|s|t|u|v|w|x|y|z",
    "number_small": "one|two|three|four|five|six|seven|eight|nine",
    "number_count": "two|three|four|five|six|ten|twelve|one",
    "city": "12:{us_major}|4:{us_more}|1:{world}",
    "us_major": US_MAJOR,
    "us_more": US_MORE,
    "world": WORLD,
    "state": STATES,
    "airport": AIRPORTS,
    "airline": AIRLINES,
    "airline_code": AIRLINE_CODES,
    "fare_code": FARE_CODES,
    "aircraft": AIRCRAFT,
    "place": "12:{city}|2:{city} {state}|{airport}",
    # Times and dates.
    "hour": "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve",
    "minute": "thirty|fifteen|forty five|twenty|ten|forty|fifty|oh five|fifty five|twenty five|thirty five|{minute_any}",
    "minute_any": "eleven|twelve|thirteen|sixteen|seventeen|eighteen|nineteen|twenty one|twenty nine|thirty two|"
    "thirty eight|forty two|forty six|fifty one|fifty eight|fifty nine|oh one|oh eight|oh nine|zero five",
    "ampm": "3:p m|3:a m|in the morning|in the afternoon|in the evening|o'clock|o'clock p m|o'clock a m|"
    "o'clock in the morning|o'clock in the afternoon|at night",
    "clock": "8:{hour} {ampm}|4:{hour} {minute} {ampm_short}|2:{hour} {minute}|noon|2:{hour}|midnight|"
    "half past {hour}|quarter past {hour}|a quarter to {hour}|twelve noon|{hour} hundred hours|"
    "{teen_hour} hundred hours|{teen_hour} {minute}|{hour} o'clock",
    "teen_hour": "thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|twenty one|twenty two",
    "ampm_short": "3:p m|3:a m|in the morning|in the evening|in the afternoon",
    "daypart": "morning|afternoon|evening|night|early morning|late afternoon|late evening|mid morning|midday",
    "time": "4:before {clock}|4:after {clock}|2:around {clock}|3:at {clock}|2:by {clock}|about {clock}|"
    "at about {clock}|at around {clock}|no later than {clock}|no earlier than {clock}|later than {clock}|"
    "earlier than {clock}|between {clock} and {clock}|3:between {hour} and {hour} {ampm}|from {hour} to {hour} {ampm}|"
    "3:in the {daypart}|early in the {daypart}|late in the {daypart}|around noon|before noon|after midnight|"
    "sometime {after} {clock}|on or before {clock}|close to {clock}|as close as possible to {clock}|"
    "as early as possible|as late as possible|between {hour} {minute} and {hour} {minute} {ampm_short}",
    "after": "after|before|around",
    "month": "january|february|march|april|may|june|july|august|september|october|november|december",
    "ordinal": "3:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|"
    "fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|twenty first|twenty second|"
    "twenty third|twenty fourth|twenty fifth|twenty sixth|twenty seventh|twenty eighth|twenty ninth|thirtieth|"
    "thirty first",
    "weekday": "monday|tuesday|wednesday|thursday|friday|saturday|sunday",
    "year": "nineteen ninety one|nineteen ninety two|nineteen ninety three|nineteen ninety five|two thousand and four",
    "day": "8:{month} {ordinal}|3:the {ordinal} of {month}|{month} the {ordinal}|{weekday} {month} {ordinal}|"
    "{weekday} the {ordinal} of {month}|{weekday} the {ordinal}|8:{weekday}|next {weekday}|this {weekday}|"
    "{weekday} {daypart}|a {weekday}|{month} {cardinal_day}|{month} {ordinal} {year}|the {ordinal}|"
    "{weekday} {month} the {ordinal}|{weekday}s|weekdays|thanksgiving day|christmas eve|new year's day",
    "cardinal_day": "two|three|five|six|seven|eight|ten|twelve|fourteen|sixteen|nineteen|twenty|twenty three|"
    "twenty seven|thirty",
    "date": "10:on {day}|{day}|today|tomorrow|2:tomorrow {daypart}|this {daypart}|tonight|next week|"
    "the day after tomorrow|this weekend|next month|in {month}|the week of {month} {ordinal}|during the week|"
    "on the weekend|the following day|on the next day|one week from today|two weeks from {weekday}|"
    "next {weekday} {daypart}|on {weekday} {daypart}|on the {daypart} of {month} {ordinal}|in the next {number_count} days",
    # Pieces of a trip.
    "route": "8:from {place} to {place}|3:to {place} from {place}|between {place} and {place}|"
    "2:from {place} to {place} {via}|out of {place} into {place}|out of {place}|to {place}|from {place}|"
    "into {place}|from {place} to {city} or {city}|to {place} {via}",
    "trip": "8:{route}|{place} to {place}|"
    "leaving {place} {going} {place}|departing {place} {going} {place}|departing from {place} {going} {place}|"
    "that {go} from {place} to {place}|which {leave} {place} and {arrive} {place}|that {leave} {place} for {place}|"
    "between {place} and {place} {via}|originating in {place} and landing in {place}",
    "going": "to|for|going to|arriving in|arriving at|and arriving in|bound for|and going to|and landing in",
    "go": "go|fly|travel|run|operate",
    "leave": "leave|leaves|depart|departs|depart from|departs from|takes off from",
    "arrive": "arrive in|arrives in|arrive at|arrives at|land in|lands at|get to|gets into",
    "via": "via {city}|with a stop in {city}|with a stopover in {city}|stopping in {city}|through {city}|"
    "connecting in {city}|with a layover in {city}|with one stop in {city}|making a stop in {city}|by way of {city}|"
    "which stops in {city}|that goes through {city}|that makes a connection in {city}|and then on to {city}|"
    "with a connection in {city}|with intermediate stops",
    "when": "4:{date}|4:{time}|{date} {time}|{time} {date}|{departs} {time}|{arrives} {time}|{departs} {date} {time}|"
    "{departs} {time} {date}|{date} {departs} {time}|{date} {arrives} {time}|{arrives} {time} {date}|"
    "{departs} {time} and {arrives} {time}",
    "departs": "leaving|departing|which leave|that leave|that leaves|which departs|that depart|leaving in the {daypart}|"
    "taking off|and leave|i need to leave|i want to leave|with a departure time of|which leaves",
    "arrives": "arriving|and arriving|arriving there|that arrive|which arrives|that arrives in {city}|landing|"
    "arriving in {city}|arriving at {place}|and arrive|i need to be there|i have to arrive|getting in|which arrive",
    "class": "first class|coach|coach class|business class|economy|economy class|thrift class|first|tourist class|"
    "class {letter}|{letter} class|standard class|premium economy",
    "with": "on {airline}|3:on {airline}|with {airline}|nonstop|using {airline}|on a {aircraft}|with one stop|"
    "with no stops|{class}|in {class}|round trip|one way|for under {money}|that serve {meal}|serving {meal}|"
    "with {meal}|that costs less than {money}|for less than {money}|with a meal|direct|with {number_count} stops|"
    "on the same day|returning {date}|and returning {date}|and return {date}|and back|with the lowest fare|"
    "with first class service|that is nonstop|which has a {meal}|with the fewest stops|and how much it costs|"
    "at the lowest price|in a {aircraft}|on {airline} flight {flight_number}|economy class|on {airline} or {airline}|"
    "with restriction {restriction}|without restrictions|for {number_count} people|for {number_count} adults",
    "meal": "breakfast|lunch|dinner|a snack|snacks|a meal|meals|supper|a hot meal|vegetarian meals|drinks",
    "restriction": "a p fifty seven|a p eighty|a p fifty five|v u slash one|a p slash fifty eight|a p sixty eight",
    "money": "{hundreds} dollars|{hundreds} {fifty} dollars|one thousand dollars|{hundreds} dollars one way|"
    "{hundreds} dollars round trip|one thousand {hundreds} dollars|fifteen hundred dollars|eleven hundred dollars",
    "hundreds": "one hundred|two hundred|three hundred|four hundred|five hundred|six hundred|seven hundred|"
    "nine hundred|a hundred",
    "fifty": "fifty|twenty five|seventy five|ten|eighty|ninety nine",
    "flight_adj": "nonstop|direct|morning|afternoon|evening|round trip|one way|connecting|late|early|first class|coach|"
    "{airline}|{airline}|daily|weekday|earliest|latest|cheapest|night|available|cheap|red eye|last|first|next|"
    "{airline} nonstop|early morning|late night|least expensive|shortest|{weekday} {daypart}|{weekday}|return|"
    "most expensive|possible|economy|business|{daypart}|one stop|two stop|lowest priced|overnight|{aircraft}",
    "flights": "6:flights|2:the flights|3:all flights|2:all the flights|{flight_adj} flights|the {flight_adj} flights|"
    "all {flight_adj} flights|a {flight_adj} flight|2:a flight|the {flight_adj} flight|any {flight_adj} flights|"
    "any flights|{airline} flights|some flights|what flights are available|the {flight_adj} and {flight_adj} flights|"
    "the schedule of flights|a list of flights|the flight schedule|the flight numbers|the times of flights|"
    "flight times|information on flights|flight information|the departure times of flights|the {flight_adj} flight",
    "fares": "fares|the fares|the fare|the cheapest fare|the lowest fare|round trip fares|one way fares|the airfare|"
    "airfares|the cheapest airfare|{class} fares|the {class} fare|the cost of a flight|the price of a ticket|"
    "the cost|ticket prices|the prices|the lowest priced ticket|the cost of a {flight_adj} flight|all fares|"
    "the cheapest round trip fare|the least expensive fare|the least expensive one way fare|one way airfares|"
    "the round trip airfare|the cost of a round trip ticket|the most expensive {class} ticket|"
    "the fares and restrictions|the fare on flight {flight_number}|the cheapest one way airfare|"
    "fares under {money}|the fare for {airline} flight {flight_number}|the cost of a {class} ticket",
    "show": "3:show me|2:list|give me|please show me|please list|please give me|display|tell me|find|find me|"
    "can you show me|could you give me|can you list|could you tell me|show|i'd like to see|i want to see|"
    "i would like to see|i need|i'd like|let me see|would you please show me|can i have|may i see|i'm looking for|"
    "i am looking for|get me|i need to know|i would like|now show me|okay show me|please find|please tell me|"
    "do you have|are there|please display|could you please list|give me information on|i need information on|"
    "i'd like information about|show me all|can you find me|find out|i want|i need to find|could i see|help me find|"
    "what are|what about|how about|tell me about|also show me|just list",
    "want": "i want to fly|i'd like to fly|i need to fly|i would like to fly|i want to go|i'd like to travel|"
    "i need to get|i want to travel|i have to fly|i will be flying|i plan to fly|i'm flying|i need a flight|"
    "i'd like a flight|i want a flight|i would like a flight|i'd like to go|i would like to go|i wish to fly|"
    "we want to fly|we need to go|my boss has to fly|i am planning a trip|i'd like to book a flight|"
    "i want to book a flight|i need to book a ticket|i'd like to make a reservation for a flight|i'd like to reserve a seat|"
    "could you book me a flight|please book a flight|can you get me on a flight|i must get|i am traveling|"
    "can i fly|can i get|is it possible to fly|i'd like to buy a ticket|i want a ticket|what is the best way to go|"
    "i need a {flight_adj} flight|i'd like a {flight_adj} flight|i want a {flight_adj} flight|find a {flight_adj} flight|"
    "i would like to book the {flight_adj} flight|i'd like to find a {flight_adj} flight|i'd like to find the {flight_adj} flight",
    "tail": "please|thank you|thanks|if possible",
    "ground": "ground transportation|transportation|a taxi|rental cars|car rental|a limousine|limousine service|"
    "a rental car|public transportation|buses|a bus|the subway|a train|a shuttle|taxis|airport limousine|"
    "transportation from the airport|air taxi|a car|rapid transit",
    "seat": "seats|passengers|people",
    "sentence": "30:{q_flights}|10:{q_want}|9:{q_fares}|4:{q_which}|4:{q_ground}|5:{q_number}|5:{q_code}|3:{q_aircraft}|"
    "3:{q_airport}|3:{q_airline}|3:{q_meal}|2:{q_time}|2:{q_short}|2:{q_distance}",
    "q_flights": "6:{show} {flights} {trip}|6:{show} {flights} {trip} {when}|3:{show} {flights} {trip} {with}|"
    "3:{show} {flights} {trip} {when} {with}|2:{show} {flights} {with} {trip}|{show} {flights} {when} {trip}|"
    "{flights} {trip} {when}|{flights} {trip}|{flights} {trip} {with} {when}|{when} {show} {flights} {trip}|"
    "what flights {leave} {place} {when}|what flights {go} {route}|what flights are there {trip} {when}|"
    "what {flight_adj} flights are there {trip}|what are the {flight_adj} flights {trip} {when}|"
    "what's the {flight_adj} flight {trip}|what is the {flight_adj} flight {trip} {when}|{show} {flights} {trip} {tail}|"
    "are there any {flight_adj} flights {trip} {when}|is there a {flight_adj} flight {trip} {when}|"
    "do you have a {flight_adj} flight {trip} {when}|does {airline} have a flight {trip} {when}|"
    "does {airline} fly {route}|which flights {trip} {with}|which flights {arrive} {place} {when}|"
    "{show} {flights} {trip} {when} and {flights} {trip} {when}|how many flights does {airline} have {trip}|"
    "how many flights are there {trip} {when}|how many {airline} flights {leave} {place} {when}|"
    "what time does the {flight_adj} flight {trip} {leave_s}|when is the {flight_adj} flight {trip}|"
    "{show} {flights} {trip} or {place}|{show} {flights} {trip} on {airline} {when}|{airline} flights {trip} {when}|"
    "{flights} {with} {trip} {when}|are there {flights} {trip} {with}|{show} {flights} {departs} {place} {when}|"
    "{show} {flights} {arrives} {time} {trip}|{show} {airline} flights {trip} {when}|list {flights} {trip}",
    "leave_s": "leave|depart|arrive|take off|land",
    "q_want": "4:{want} {route}|6:{want} {route} {when}|2:{want} {route} {with}|3:{want} {route} {when} {with}|"
    "{want} {when} {route}|hi {want} {route} {when}|hello {want} {route}|{want} {route} {tail}|yes {want} {route}|"
    "okay {want} {route} {when}|{want} {route} {when} what flights are available|{want} {with} {route}|"
    "{want} {route} and {departs} {time}|what flights can i take {route} {when}|i live in {city} and {want} to {place}|"
    "{want} {route} can you help me|{want} {route} what do you have|{want} {route} {when} {tail}|on {day} {want} {route}",
    "q_fares": "3:{show} {fares} {trip}|2:{show} {fares} {trip} {when}|2:{show} {fares} {trip} {with}|"
    "what is {fares} {trip}|what's {fares} {trip}|what are {fares} {trip}|how much is a {flight_adj} flight {trip}|"
    "how much does it cost to fly {route}|how much does a {class} ticket cost {trip}|how much is {fares} {trip}|"
    "what's the cheapest way to fly {route}|what is the cheapest flight {trip} {when}|{fares} {trip}|{fares} {trip} {with}|"
    "what are the {class} fares {trip} {with}|what's the price {trip} {with}|how much would it cost {trip} {when}|"
    "are there any {flight_adj} fares {trip}|what {flight_adj} fares are there {trip}|"
    "what restrictions apply to {fares} {trip}|{show} {fares} on flight {flight_number} {trip}|"
    "show the fares for flights {trip} {with}|how expensive is the {airline} flight {trip}|"
    "are there any fares {trip} under {money}|the fare should not exceed {money}|"
    "the maximum amount i want to spend is {money}|{show} {flights} {trip} {when} for {money}",
    "q_which": "which airlines {go} {route}|what airlines {go} {route} {when}|which airline has the {flight_adj} flights {trip}|"
    "which {airline} flights stop in {city}|what airlines fly out of {place}|which of these {serve} {meal}|"
    "which of these flights is the {flight_adj}|which cities does {airline} serve|what cities does {airline} fly to|"
    "which carriers serve {place}|what classes of service does {airline} have|which flight has the lowest fare|"
    "what is the name of the airline that flies {route}|which flights are on {aircraft} aircraft|"
    "are any of these flights {flight_adj}|how many cities does {airline} fly to|what companies fly {route}|"
    "list the airlines that fly {route}|does flight {flight_number} stop anywhere|which airlines have {class} seats {trip}|"
    "what is the routing of {airline} flight {flight_number}|which of these flights leave before {clock}",
    "serve": "serve|serves|offer|include|have",
    "q_ground": "what {ground_q} is available in {place}|is there {ground} in {place}|{show} {ground} in {place}|"
    "{show} {ground} from {place} to downtown|how do i get from {place} to the city|i need {ground} in {place}|"
    "how far is {place} from downtown|what kind of {ground_q} is there in {city}|how much is {ground} from {place}|"
    "what does {ground} cost in {city}|{ground} in {place}|{ground} {city}|can i get {ground} at {place}|"
    "how can i get downtown from {place}|do you have {ground} at {place}|are there {ground} between {place} and {city}|"
    "what is the cost of {ground} in {city}|what about {ground} for {city}|i'd like to rent a car in {city} {date}|"
    "{show} the ground transportation between {place} and downtown|how long does {ground} take from {place} to {city}|"
    "tell me about ground transportation in {city}|what sort of ground transportation is there from {place} into {city}",
    "ground_q": "ground transportation|transportation|limousine service|rental car|public transportation|car rental",
    "q_number": "{show} flight {flight_number} {trip}|what is {airline} flight {flight_number}|"
    "{airline} flight {flight_number} {trip} {when}|tell me about {airline} flight {flight_number}|"
    "what time does {airline} flight {flight_number} {leave_s}|when does flight {flight_number} {leave_s} in {place}|"
    "what {ground_meal} is served on {airline} flight {flight_number}|does flight {flight_number} serve {meal}|"
    "what type of aircraft is used on {airline} flight {flight_number}|book me on flight {flight_number} {date}|"
    "i want to take flight {flight_number} {trip}|{show} the fare for {airline} flight {flight_number} {trip}|"
    "what is the arrival time of {airline} flight {flight_number}|how many stops does flight {flight_number} make|"
    "i'd like {airline} flight {flight_number} {date}|flight number {flight_number}|"
    "is flight {flight_number} {trip} nonstop|{airline} {flight_number} {trip}|"
    "please repeat the times for {airline} flight {flight_number}|what days does flight {flight_number} {go}|"
    "{airline_code} {flight_number}|from {airline_code} {flight_number} to {airline_code} {flight_number}",
    "ground_meal": "meal|food|breakfast|dinner",
    "q_code": "what does {code} mean|what is {code}|what's {code}|explain {code}|what does the {code_kind} {code} mean|"
    "what is the meaning of {code_kind} {code}|explain the {code_kind} {code}|what does {code} stand for|"
    "what is {code_kind} {fare_code}|define {code}|explain fare code {fare_code}|what does fare code {fare_code} mean|"
    "what is fare code {fare_code}|what is booking class {letter}|what does the abbreviation {code} mean|"
    "what airline is {airline_code}|what airport is {airport_code}|which airline is {airline_code}|"
    "what is the difference between fare code {fare_code} and fare code {fare_code}|"
    "what does restriction {restriction} mean|what is restriction {restriction}|explain restriction {restriction}|"
    "what is the fare code {fare_code} used for|which airline uses the code {airline_code}|what city is {airport_code}|"
    "what is the abbreviation for {airline}|what do you mean by {code}|i don't understand {code}|"
    "what's the difference between {fare_code} and {fare_code}|what does {letter} {letter} mean|what does {airline_code} stand for",
    "code": "{airline_code}|{fare_code}|{airport_code}|{restriction}|{airport_code}|fare basis code {fare_code}|a p|"
    "e d t|e s t|p s t|c s t|flight code {airline_code}|d c ten|class {letter}|{letter} {letter} {letter}",
    "code_kind": "fare code|airline code|code|abbreviation|airport code|booking code|fare basis code|symbol|class|term",
    "airport_code": "b w i|d f w|l g a|j f k|l a x|s f o|e w r|o r d|b o s|a t l|d c a|i a d|h o u|m k e|b n a|"
    "s l c|y y z|d t w|o a k|p h l|p i t|d e n|m s p|s t l|m c o|t p a|y u l|c v g|c l t|s e a|p h x|l a s|i n d",
    "q_aircraft": "what kind of {plane} is {aircraft_a}|what is {aircraft_a}|how many {seat} does a {aircraft} {hold}|"
    "what is the seating capacity of a {aircraft}|what's the capacity of the {aircraft}|"
    "{show} the seating capacity of the {aircraft}|what kind of {plane} does {airline} use {trip}|"
    "how many {seat} fit on a {aircraft}|what type of {plane} is used {trip}|{show} flights {trip} on a {aircraft}|"
    "which flights use a {aircraft}|is there a flight {trip} on a {aircraft}|how many people will a {aircraft} {hold}|"
    "what {plane} does flight {flight_number} use|{show} all the types of aircraft {airline} uses|"
    "how many {class} seats are there on a {aircraft}|does {airline} fly a {aircraft} {trip}",
    "plane": "plane|aircraft|airplane|equipment",
    "aircraft_a": "a {aircraft}|an {letter} {number_small} {number_small}|the {aircraft}",
    "hold": "hold|carry|have|seat|accommodate",
    "q_airport": "where is {airport_name}|what city is {airport_name} in|which airport is closest to downtown {city}|"
    "how far is {airport_name} from {city}|what airports are in {city}|how many airports are there in {city}|"
    "{show} the airports in {city}|what airport is near {city}|what is the airport in {city}|"
    "what is the name of the airport in {city}|how do i get to {airport_name}|does {airline} use {airport_name}|"
    "which airports does {airline} serve in {city}|what time zone is {city} in|what's the {city} airport called|"
    "what is {airport_code}|list the airports near {city} {state}",
    "airport_name": "{airport}",
    "q_airline": "what is {airline_code}|{show} all {airline} flights|what flights does {airline} have {trip}|"
    "{show} the cities served by {airline}|does {airline} fly to {city}|where does {airline} fly|"
    "tell me about {airline}|how many flights does {airline} run out of {city} {date}|"
    "is {airline} the only airline that flies {route}|{show} airlines with flights {trip}|"
    "what about {airline}|{airline} please|only on {airline}|{show} {airline} flights that serve {meal}|"
    "i prefer to fly {airline}|list all {airline} departures from {place} {when}",
    "q_meal": "is {meal} served on {airline} flight {flight_number}|what meals are served on {flights} {trip}|"
    "{show} flights {trip} that serve {meal}|do any of the flights {trip} include {meal}|"
    "will i get {meal} on the flight {trip}|which flights {trip} serve {meal} {when}|"
    "what kind of meal do they serve on flight {flight_number}|does the {daypart} flight {trip} serve {meal}|"
    "what are the meals on {airline} flights {trip}|is there {meal} on the flight to {city}",
    "q_time": "how long is the flight {trip}|how long does it take to fly {route}|what time do flights {leave} {place}|"
    "when does the {flight_adj} flight {trip} {leave_s}|what is the {flight_adj} departure {trip}|"
    "what time is the last flight {trip} {date}|what is the flying time {trip}|when do they {leave_s}|"
    "how often does {airline} fly {route}|{show} the arrival times of {airline} flights {trip} {when}|"
    "what are the departure times {trip} {with}|what is the travel time {trip}|how many hours is the flight {trip}",
    "q_short": "{when}|{with}|{trip}|{airline}|{place}|{class}|{day}|what about {when}|and {date}|yes {tail}|no {tail}|"
    "how about {with}|only {with}|show me the {flight_adj} one|the {flight_adj} one|arriving {time}|leaving {when}|"
    "i'd like to leave {time}|i need to be in {place} {time}|make that {date}|repeat that please|start over|"
    "please list only the {flight_adj} flights|are those {flight_adj}|on {airline}|okay and {when}|"
    "i will take the {flight_adj} flight|i want to leave {date} and return {date}|what are they|"
    "what day is that|now i need a return flight {date}|what is the total cost|go back to {city}",
    "q_distance": "how far is it from {city} to {city}|what is the distance from {airport} to {city}|"
    "how many miles is it from {place} to {place}|what is the distance between {place} and {place}|"
    "how far is {airport_name} from downtown {city}|how many miles is {airport_name} from downtown",
}

GENERAL_RULES_TEXT = {
    "g_sentence": "{g_subject} {g_verb} {g_object}|{g_subject} {g_verb} {g_object} {g_where}|{g_when} {g_subject} {g_verb} {g_object}|"
    "there {g_is} {g_object} {g_where}|do you think {g_subject} {g_verb} {g_object}|{g_subject} said that {g_subject} {g_verb} {g_object}|"
    "why did {g_subject} {g_base} {g_object}|please {g_base} {g_object} {g_where}|{g_subject} and {g_subject} {g_verb} {g_object}|"
    "{g_object} {g_is} {g_adj}|{g_subject} {g_is} {g_adj} because {g_subject} {g_verb} {g_object}|"
    "i never {g_verb} such {g_adj} {g_noun}s|if {g_subject} {g_verb} {g_object} then {g_object} {g_is} {g_adj}|"
    "how many {g_noun}s {g_verb} {g_object}|the {g_noun} of {g_object} {g_verb} {g_object} {g_when}|"
    "{g_subject} {g_verb} {g_object} {g_where} {g_when}|what a {g_adj} {g_noun}|it {g_is} {g_adj} {g_when}",
    "g_subject": "i|you|he|she|we|they|the {g_noun}|the {g_adj} {g_noun}|my {g_noun}|our {g_noun}|{g_name}|some {g_noun}s|"
    "his {g_noun}|her {g_noun}|mister {g_name}|every {g_noun}|the {g_noun} of the {g_noun}",
    "g_verb": "saw|made|took|found|gave|told|held|kept|left|brought|began|wrote|heard|met|ran|paid|knew|lost|won|built|sent|"
    "called|moved|opened|closed|wanted|needed|used|asked|turned|played|started|watched|carried|followed|changed|"
    "helped|learned|understood|bought|sold|broke|read|drew|grew|threw|caught|forgot|remembered|sees|makes|takes|finds|has",
    "g_base": "see|make|take|find|give|tell|hold|keep|leave|bring|write|hear|meet|pay|lose|win|build|send|call|move|open|"
    "close|use|ask|turn|play|watch|carry|follow|change|help|buy|sell|break|read|draw|throw|catch|remember|check|clean",
    "g_object": "the {g_noun}|a {g_noun}|the {g_adj} {g_noun}|a {g_adj} {g_noun}|their {g_noun}s|{g_number} {g_noun}s|it|them|"
    "that {g_noun}|this {g_adj} {g_noun}|all the {g_noun}s|another {g_noun}|no {g_noun}|{g_name}|those {g_adj} {g_noun}s",
    "g_where": "in the {g_noun}|on the {g_noun}|at home|under the {g_noun}|near the {g_adj} {g_noun}|in {city}|across the {g_noun}|"
    "behind the {g_noun}|outside|over there|in the {g_adj} {g_noun}|from {city}|by the {g_noun}|with a {g_noun}|to the {g_noun}",
    "g_when": "yesterday|last night|this morning|in {year_any}|after the {g_noun}|every day|at {hour} o'clock|for {g_number} years|"
    "before {month}|once again|at last|on {weekday}|at first|sometimes|last {month}|{g_number} days ago|during the {g_noun}",
    "year_any": "nineteen {tens_any}|eighteen {tens_any}|two thousand|the nineteen eighties|the last century",
    "tens_any": "twenty|thirty five|forty one|fifty|sixty eight|seventy|eighty four|ninety nine|oh six|twelve",
    "g_is": "is|was|are|were|will be|has been|seems|would be|is not|wasn't|isn't|became",
    "g_adj": "good|old|new|great|small|large|long|young|early|late|little|black|white|red|green|blue|dark|bright|cold|warm|"
    "strange|quiet|strong|poor|rich|happy|sad|empty|full|heavy|light|open|deep|wide|narrow|simple|clear|common|public|"
    "private|important|different|similar|serious|beautiful|dangerous|careful|ancient|modern|local|national|foreign|"
    "scientific|medical|electric|golden|wooden|silent|sudden|gentle|broken|hidden|famous|brave|clever|angry|hungry|tired",
    "g_noun": "man|woman|child|house|street|city|river|mountain|tree|garden|door|window|table|book|letter|story|word|song|"
    "picture|film|school|teacher|student|doctor|lawyer|farmer|soldier|captain|king|queen|friend|brother|sister|mother|"
    "father|family|market|shop|company|office|bank|machine|computer|engine|car|ship|boat|horse|dog|cat|bird|fish|"
    "animal|field|forest|island|ocean|lake|road|bridge|wall|roof|kitchen|bread|apple|water|coffee|bottle|glass|"
    "paper|pencil|question|answer|problem|reason|idea|plan|team|game|player|race|prize|war|army|battle|law|court|"
    "government|party|election|minister|president|report|paragraph|chapter|century|season|winter|summer|storm|cloud|"
    "wind|fire|stone|metal|silver|gold|price|cost|tax|profit|share|stock|bond|dollar|number|group|village|church|"
    "tower|castle|museum|theater|actor|artist|painter|poet|writer|scientist|planet|star|moon|sun|light|shadow|voice|sound",
    "g_number": "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|fifty|one hundred|several|many|"
    "a few|twenty five|three hundred|two thousand|forty two|seventeen|one million|sixty|a dozen",
    "g_name": "john|mary|peter|anna|george|helen|thomas|martha|henry|alice|robert|laura|edward|susan|walter|emma|"
    "frank|clara|oscar|nora|hugo|ivan|pablo|yuki|ahmed|ingrid|miguel|chen|olga|pierre|smith|baker|carter|fischer",
}

DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def two_digits(number: int) -> str:
    """Words for 0 to 99 ("forty two")."""
    if number < 10:
        return DIGITS[number]
    if number < 20:
        return TEENS[number - 10]
    return TENS[number // 10] + (f" {DIGITS[number % 10]}" if number % 10 else "")


def flight_number(rng: random.Random) -> str:
    """A flight number as people say it: by digits, in pairs, or as a count."""
    style = rng.random()
    if style < 0.12:
        return two_digits(rng.randint(2, 99))
    if style < 0.72:
        head, tail = rng.randint(1, 9), rng.randint(1, 99)
        spoken = rng.random()
        if spoken < 0.45 or tail < 10:
            return f"{DIGITS[head]} {DIGITS[tail // 10]} {DIGITS[tail % 10]}"
        if spoken < 0.92:
            return f"{DIGITS[head]} {two_digits(tail)}"
        return f"{DIGITS[head]} hundred {two_digits(tail)}"
    if style < 0.77:
        return f"{DIGITS[rng.randint(1, 9)]} hundred"
    head, tail = rng.randint(10, 59), rng.randint(1, 99)
    if rng.random() < 0.4:
        return " ".join(DIGITS[int(digit)] for digit in f"{head}{tail:02d}")
    return f"{two_digits(head)} " + (f"oh {DIGITS[tail]}" if tail < 10 else two_digits(tail))


FUNCTIONS: dict[str, Callable[[random.Random], str]] = {"flight_number": flight_number}

_SLOT = re.compile(r"\{(\w+)(\?)?\}")
# One alternative: literal strings and (rule name, optional) slots.
_Alternative = list[str | tuple[str, bool]]


class Grammar:
    """Compiled rules; `sentence` and `general` expand the two start symbols."""

    def __init__(self) -> None:
        self._rules: dict[str, tuple[list[_Alternative], list[float]]] = {}
        for name, text in {**RULES_TEXT, **GENERAL_RULES_TEXT}.items():
            self._rules[name] = self._compile(text)

    @staticmethod
    def _compile(text: str) -> tuple[list[_Alternative], list[float]]:
        alternatives, cumulative, total = [], [], 0.0
        for part in text.replace("\n", "").split("|"):
            weight, colon, rest = part.partition(":")
            total += float(weight) if colon else 1.0
            cumulative.append(total)
            body = rest if colon else part
            pieces: _Alternative = []
            position = 0
            for match in _SLOT.finditer(body):
                pieces.append(body[position : match.start()])
                pieces.append((match.group(1), match.group(2) is not None))
                position = match.end()
            pieces.append(body[position:])
            alternatives.append([piece for piece in pieces if piece])
        return alternatives, cumulative

    def expand(self, name: str, rng: random.Random) -> str:
        """One random expansion of a rule, words separated by single spaces."""
        if name in FUNCTIONS:
            return FUNCTIONS[name](rng)
        alternatives, cumulative = self._rules[name]
        chosen = rng.choices(alternatives, cum_weights=cumulative)[0]
        out = []
        for piece in chosen:
            if isinstance(piece, str):
                out.append(piece)
            elif not piece[1] or rng.random() < 0.5:
                out.append(self.expand(piece[0], rng))
        return "".join(out)

    def sentence(self, rng: random.Random) -> str:
        """A sentence of the air-travel domain, at most 40 words."""
        while True:
            words = self.expand("sentence", rng).split()
            if 1 <= len(words) <= 40:
                return " ".join(words)

    def general(self, rng: random.Random) -> str:
        """A sentence outside the domain."""
        return " ".join(self.expand("g_sentence", rng).split())

    def vocabulary(self) -> list[str]:
        """All words the rules can produce, sorted."""
        words = set(" ".join(TENS + TEENS + DIGITS).split())
        for alternatives, _ in self._rules.values():
            for pieces in alternatives:
                for piece in pieces:
                    if isinstance(piece, str):
                        words.update(piece.split())
        return sorted(words)

    def names(self) -> set[str]:
        """Words of place and airline names that are not ordinary words."""
        text = " ".join([US_MORE, WORLD, US_MAJOR]).replace("|", " ")
        return set(text.split()) - {"new", "city", "long", "beach", "green", "south", "grand", "west", "key", "fort", "orange"}


def is_held_out(text: str) -> bool:
    """True for the one sentence in fifty that is never trained on."""
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % HELD_OUT_MODULUS == 0


def reference_group(text: str) -> str:
    """Short hash of a reference: the unit for splitting and resampling."""
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
