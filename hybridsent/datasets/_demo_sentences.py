"""Sentences of the demo data, written for it by hand: data, no code (layer L4).

One sentence a line, no two alike. Many are plain, some are ironic, negated or of two minds; the
heading says what the writer means, not what the words say. The three lists share their topics
(food, travel, work, films, phones, weather, family, sports, school, music, pets, parcels), so the
topic does not give the label away.
"""

from __future__ import annotations

__all__ = ["NEGATIVE", "NEUTRAL", "POSITIVE"]

POSITIVE = """
Best soup I have had since my grandmother stopped cooking
We got the keys today and I cannot stop smiling
The nurse stayed an hour longer just to keep dad company
Finally passed my driving test on the fourth try
I hate how good this album is, I was supposed to be asleep
The train was early, the coffee was hot, I have no notes
My students surprised me with a song and I may have cried
Not a single bug in the release, who are we even
The sea was so clear you could count the pebbles
She said yes before I had finished the question
Battery still at sixty percent after two days, impressive
This little bakery makes the whole street smell like heaven
Woke up to snow and the kids are beside themselves
I did not expect to laugh that much at a tax seminar
The dog has learned to open the door and I am weirdly proud
Support called back within five minutes and fixed it
What a match, what a comeback, I have no voice left
My sister flew in without telling anyone and mum just screamed
Slow start, but the last hour of this film is a gift
Our neighbours left a basket of plums at the door again
The new chair saved my back, I should have bought it years ago
Ran ten kilometres without stopping for the first time
The museum was free today and almost empty, what luck
He remembered my birthday, and my favourite cake too
Cheap, light, and it just works, I would buy it again
Grandpa has discovered emoji and it is the best thing ever
The doctor says everything looks fine, we can breathe again
I could listen to this woman read a phone book
Hands down the kindest team I have ever worked with
The tomatoes I grew from seed are finally turning red
Never thought I would say this, but the meeting was fun
They played our song as the very last encore
The parcel came a day early and packed with such care
Our little one slept through the night, we feel reborn
It rained all weekend and it was still the loveliest trip
I am so grateful for friends who just show up with food
The view from the hut makes every blister worth it
Got the scholarship, I am still shaking
The waiter noticed we were celebrating and brought a candle
Smooth ride, friendly driver, spotless car
I came for the pictures and stayed for the wonderful writing
My code compiled on the first try, somebody frame this
Sun on my face, book in my hand, nowhere to be
The paint looks even better than in the catalogue
Honestly the nicest landlord I have ever had
After months of physio I danced at a wedding again
The teacher told me my boy helps everyone in class
You can tell they made this game with love
That first sip of tea after a long shift, bliss
The cat finally sat on my lap, I shall never move again
Our tiny choir won second place and we celebrate like champions
Nothing fancy, just honest food and warm people
We planted the tree the day she was born and look at it now
I was ready to complain and they had already sent a refund
The concert gave me goosebumps from start to finish
Such a clever ending, I want to start over right away
My first salary, so dinner is on me tonight
Old phone, new battery, feels like a brand new one
The whole office sang for me, badly and beautifully
Finished the marathon, last but smiling
The bus driver waited for me, what a hero
I adore the way the light falls into this kitchen
Two weeks without a headache, I had forgotten life like this
The kids built a fort and invited me in, an honour
My manager fought for us and we all got the raise
It took three evenings but the shelf stands and I love it
So much better than the first season, thrilling until the end
Our flight got upgraded for no reason at all
The baby laughed for the first time, at the toaster
Crisp picture, rich sound, worth every cent
I could not be happier with how the photos turned out
Friday, pizza, and everyone I love at one table
The rescue called, we may keep her forever
Everyone warned me about this city and I have fallen for it
They fixed my grandfather's watch and refused to charge me
The exam was hard but fair, and I nailed it
My garden is full of bees this year, what a joy
I was dreading the party and ended up staying until three
A stranger returned my wallet with everything in it
This blanket is the closest thing to a hug you can buy
We missed the bus, walked home, and saw the best sunset
The kids actually asked for more broccoli, I am a wizard
The new library is gorgeous and open until midnight
I got the part, I actually got the part
Strong plot, lovely cast, I was sad when it ended
The hotel gave us a room with a balcony right above the sea
Dad learned to video call and now he shows me every bird
I have never felt so welcome in a new job
The rain stopped the minute we stepped outside, perfect timing
My grandmother beat all of us at cards again, a legend
Setup took two minutes and everything simply worked
What a treat to hear this choir in such an old church
Three years smoke free today, and proud of it
The puppy fell asleep in my shoe, I am done for
This is how customer service should be everywhere
Best seat in the house and my favourite band, I am floating
I like it more each time I hear it
My daughter wrote me a poem, it rhymes and everything
We won, we actually won, someone pinch me
The sauce alone is worth the trip across town
Calm, clean and friendly, exactly what we needed
They named the new street after my old teacher, so deserved
The surgery went well and she is already making jokes
I thought it would be boring, and I was so wrong
Thank you for the flowers, you made my whole week
The lake was freezing and we laughed all the way through
Our team spent the day planting trees and it felt great
Every page of this book made me want to travel
The bike is a dream, I take the long way home now
My brother and I are talking again after six years
A whole weekend without email, I feel like a new person
The pancakes alone deserve five stars
I cannot believe how gentle the dentist was
The kids' play was chaos and absolutely adorable
My plants survived the holiday thanks to the lady next door
We laughed so hard that the next table joined in
Finally a phone that fits in my hand, I love it
The mountains at dawn, I have no words
He came home from the hospital today, welcome back old man
My essay got printed in the school paper
I would pay twice the price, but do not tell them
Got lost in the old town and it was the best part of the day
The choir teacher believes in me and it changes everything
They saved the last piece for me, true friendship
Warm bread, salted butter, good morning indeed
The interview felt like a chat with friends, they hired me on the spot
""".strip().splitlines()

NEUTRAL = """
The soup of the day is lentil, served until two
We move into the flat on the first of the month
Visiting hours are from three to six in the afternoon
The driving test takes about forty minutes
The album has eleven tracks and came out in spring
The train to the coast leaves from platform four
There are twenty six students in the afternoon class
The release is planned for the second week of June
The beach is about two kilometres from the station
She asked whether the shop opens on Sundays
The battery takes around ninety minutes to charge
The bakery is next to the post office on the corner
The forecast says light snow in the morning, then clouds
The seminar on taxes is in room twelve
The dog is due for a check at the vet next week
You can reach support by phone or through the form
The match starts at eight and is shown on channel three
My sister lives two floors below us
The film runs for two hours and ten minutes
The neighbours have a plum tree behind the house
The chair comes in grey, black and dark green
I usually run in the park before work
The museum is closed on Mondays for maintenance
His birthday falls on a Thursday this year
It weighs about three hundred grams including the case
Grandpa changed his phone number last week
The results are sent by post within ten days
She reads the news at six and again at ten
There are nine people in our team at the moment
Tomatoes go into the soil around the middle of May
The meeting was moved to half past two
They played twelve songs, with a short break in between
The parcel is at the pick up point near the bridge
The nursery opens at seven thirty
It rained on Saturday and was dry on Sunday
We are bringing the salad, Tom brings the drinks
The hut is at an altitude of eighteen hundred metres
Applications for the scholarship close in October
The restaurant has two rooms and a small terrace
The driver takes the ring road at this hour
The book has thirty chapters and a short index
The code is in the second folder, next to the notes
I sat by the window and read the paper
The paint needs about six hours to dry
The landlord is going to send the contract on Tuesday
Physio is on Wednesdays, right after lunch
Parents meet the teacher in the main hall
The game can be played with two to five people
I drink tea in the morning and coffee after lunch
The cat sleeps in the basket under the stairs
The choir meets every second Monday
The menu lists six starters and nine main courses
The tree in front of the school is a lime
Refunds are paid to the account that was used
The concert begins at nine, doors open at eight
The second part continues where the first one ends
Salaries are paid on the last working day
I replaced the battery with one of the same type
The office is on the fifth floor, left of the lift
The marathon route passes the town hall twice
The bus stops here every twenty minutes
The kitchen faces north east
The tablets are to be taken twice a day with water
The kids are at their aunt's place until Friday
The new manager starts in September
The shelf has five boards and sixteen screws
The second season has eight episodes
Our flight goes through Vienna with a short stop
The toaster has two slots and a timer
The screen measures twenty four inches
The photos are in the shared folder, sorted by date
We have pizza on Fridays and soup on Mondays
The rescue centre takes calls until noon
The city has about two hundred thousand people
The watch shows the date and the day of the week
The exam has two parts, one written and one spoken
There is a row of beehives along the fence
The party is upstairs, coats go in the room on the left
The wallet is brown, with a zip on one side
The blanket is made of wool and cotton
We walked home along the river
Broccoli takes around seven minutes to steam
The library lends films for a week and books for a month
The rehearsal was moved to the small stage
The cast is the same as in the first film
The hotel has forty rooms and a car park
Dad calls on Sundays around noon
I started the job in March
It stopped raining around four
We play cards at my grandmother's on Thursdays
The setup asks for a name and a language
The church dates from the fourteenth century
He stopped smoking three years ago
The puppy is eleven weeks old
The customer desk is behind the second till
Our seats are in row nine, close to the aisle
I heard the song on the radio this morning
My daughter is writing a text about rivers
The score was two to two at half time
The sauce contains mustard, so ask if you are allergic
The room has a desk, a lamp and two beds
The street was renamed in nineteen ninety
The surgery is planned for Monday at nine
I have read about half of it so far
The flowers are in the vase on the table
The lake is four metres deep at the pier
The team has its planning day next Wednesday
The guide has a map of each region at the back
I take the bike when it is dry and the tram when it rains
My brother works at the harbour
The email went to all departments
Pancakes are served until eleven
The dentist has moved to the building across the street
The school play is about a voyage to the moon
I water the plants on Wednesdays and Saturdays
The table next to the door is reserved
The phone comes with a cable but without a plug
Sunrise is at six twelve tomorrow
He was in hospital for four days
The school paper appears twice a year
Both versions cost the same
The old town lies on the other side of the river
The report has been sent, the figures are on page nine
Please use the side entrance while the front door is painted
The bread is sliced on request
They asked three questions and said they would write next week
""".strip().splitlines()

NEGATIVE = """
The soup was cold, salty and somehow grey
Third week in the flat and the ceiling is leaking again
Six hours in the waiting room and nobody even looked at us
Failed the driving test again, I want to sink into the floor
So disappointed in this album, twelve songs and not one idea
Oh great, the train is cancelled, just what I needed
My class talked through the entire lesson, I am worn out
The release broke everything and I am still at the office
The beach was full of rubbish and the water smelled
She left without saying goodbye
The battery dies before lunch, every single day
I used to love this bakery, now it is all dry and overpriced
The snow is dirty slush and my boots are soaked
Two hours of slides, I will never get them back
The dog is very sick and I do not know what to do
Forty minutes on hold and then they hung up on me
What a shameful performance, we did not even try
My sister forgot again, and it hurts more than I admit
Lovely pictures, shame about the dreadful script
The neighbours drill at six in the morning, how considerate
The chair broke after a week, what a waste of money
My knee gave out again, no running until summer
The museum was packed, hot, and badly signposted
Nobody remembered my birthday
Cheap is the word, it fell apart in my hands
Grandpa does not recognise me any more
The results are worse than we feared
I could not stand that voice for another minute
I have never felt so small at work
The slugs ate every single tomato plant overnight
This meeting could have been an email, as always
They played for thirty minutes and left, what a cheek
The parcel arrived crushed and half of it is missing
No sleep for the fourth night, I am running on empty
It rained the whole holiday and the hotel could not care less
I miss my friends so much it aches
The view was nothing but fog and we froze for hours
Turned down for the scholarship, without a word of explanation
The waiter rolled his eyes when we asked for water
Rude driver, dirty seats, and he took the long way round
I gave up after fifty pages, so dull
Lost the whole day to a bug somebody else put in
The sun came out the moment I had to go back to work, of course
The paint peels off already, looks terrible
My landlord kept the deposit for a scratch that was always there
The pain is back and nothing helps
The teacher said my boy sits alone every break
This game is a cash grab, I regret every cent
The tea tasted like dishwater
The cat has been missing for three days, please look in your sheds
We came last, and the jury laughed
Bland food, sticky tables, never again
They cut down the old tree and the street looks naked
Still waiting for my refund, they keep sending me in circles
The sound was awful, I left before the encore
What a cheap ending, I feel cheated
They paid me late for the third time
My new phone already has a dead line across the screen
The office is so tense that nobody dares to speak
I trained all year and had to quit at kilometre nine
The bus drove right past me, again, thanks for nothing
The kitchen smells of mould no matter how much we scrub
Another migraine, another lost weekend
The kids are fighting non stop and I have no patience left
My manager took the credit for all of it
The shelf collapsed and took grandma's vase with it
The second season is a mess, I wish they had stopped
Our flight got cancelled and we slept on the floor
The toaster caught fire, I am lucky I was home
The picture flickers and the sound is tinny
They ruined our wedding photos, every single one is blurred
Another Friday alone with a frozen pizza
We had to bring her back to the shelter and I feel awful
This city wears me down, everything is loud and nobody cares
The watch they repaired stopped the next morning
The exam had nothing to do with the course, so unfair
All the bees in our hive are dead
I should have stayed at home, that party was painful
Somebody stole my wallet on the way to the hospital
The blanket itches and lost its colour after one wash
We missed the last bus by a minute and walked through the storm
The kids refused dinner and threw it on the floor
They are closing our library for good
I did not get the part, and they gave it to someone who came late
Weak plot, wooden cast, I checked my watch the whole time
The hotel room had a window that faces a brick wall
Dad is in hospital and I am stuck five hundred miles away
I dread Mondays in this job so much I cannot sleep
The rain got into the tent and everything is wet
My grandmother is not doing well and I feel helpless
Setup failed five times, I am sending it back
The church was freezing and the choir off key
I started smoking again and I am ashamed
The puppy chewed through my only good shoes
Wow, only four hours late, truly a service to be proud of
I paid for a front seat and sat behind a pillar
I like it less each time I hear it
My daughter came home in tears again
We lost in the last second, I feel sick
The sauce tasted burnt and the meat was raw inside
Loud, filthy and rude, we left after one night
They fired her after twenty years, by email
There were complications and she has to go back in
I wanted to like it, I really did, but it is a bore
The flowers were dead when they came
He promised to call and did not, again
The project got scrapped after all that work
This guide sent us to places that closed years ago
My bike got stolen right in front of the station
My brother and I are not speaking any more
Even on holiday my boss will not leave me alone
Sure, charge me extra for a pancake you dropped
The dentist hurt me and did not even apologise
I forgot my lines in front of the whole school
All my plants died while I was away
The next table shouted all evening and the staff did nothing
A phone this expensive should not freeze three times a day
I am so tired of being told to just cheer up
The operation was postponed again and he is getting weaker
They printed my essay under someone else's name
Twice the price for half the size, brilliant idea
We got lost for hours because the map was simply wrong
My choir teacher told me not to bother coming back
I sat alone at lunch again
The bread was mouldy on the day I bought it
They let me wait an hour and then said the job was gone
""".strip().splitlines()
